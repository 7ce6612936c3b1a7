"""The engine's API on its socket, against the kernel's own files."""

import os
import re
import signal
import subprocess
import threading
import time
import unittest

import case
import kernel
from docker import Docker
from engine import Engine
from load import Group

STRANGER, READER, WRITER = 54001, 54002, 54003  # No such users here: numbers are enough.
READ_GROUP, CONTROL_GROUP = 54102, 54103
MIB = 1 << 20
MEMORY = "memory.max" if kernel.V2 else "memory.limit_in_bytes"


def setUpModule():
    global docker, engine
    # The groups of the host; cgroups of ours are removed even when a test fails.
    os.chmod(case.work, 0o755)
    docker = Docker()
    unittest.addModuleCleanup(docker.stop)
    docker.run("web", "sleep 100000")
    docker.run("web-db", "sleep 100000")
    engine = Engine(f"--control-group={CONTROL_GROUP}", f"--read-group={READ_GROUP}", name="main")
    unittest.addModuleCleanup(lambda: engine.stop())
    engine.start()


def memory_limit(name):
    text = kernel.text("memory", path_of(name), MEMORY).strip()
    return None if text == "max" or int(text) > 1 << 62 else int(text)


def pids_limit(name):
    return kernel.text("pids", path_of(name), "pids.max").strip()


def path_of(name):
    status, answer = engine.limits(name)
    assert status == 200, answer
    return answer["target"]["cgroup"]


class ApiTest(unittest.TestCase):
    def change(self, ref, body, status=200):
        got, answer = engine.limits(ref, body)
        self.assertEqual(got, status, answer)
        return answer

    def tearDown(self):
        for name in ("web", "web-db"):
            self.change(name, {"restore": "all", "force": True})

    def test_says_who_it_is(self):
        status, info = engine.ask("/plimsoll/v1/info")
        self.assertEqual(status, 200)
        self.assertEqual(info["role"], "control")
        self.assertEqual(info["cgroup"], "v2" if kernel.V2 else info["cgroup"])
        self.assertEqual(info["state_dir"], str(engine.state_dir))
        self.assertEqual(set(info["recovery"].values()), {0})

    def test_sets_unsets_and_restores(self):
        before = memory_limit("web")
        done = self.change("web", {"set": [{"knob": "memory.max", "value": "64M"}, {"knob": "pids.max", "value": 100}]})
        self.assertEqual(done["result"], "done")
        self.assertGreater(done["change"], 0)
        self.assertEqual({write["result"] for write in done["writes"]}, {"done"})
        self.assertEqual(memory_limit("web"), 64 * MIB)
        self.assertEqual(pids_limit("web"), "100")
        now = engine.setting("web", "memory.max")
        self.assertEqual((now["value"], now["rule"]), (64 * MIB, "request"))
        again = self.change("web", {"set": [{"knob": "pids.max", "value": 100}]})
        self.assertEqual((again["result"], again["writes"]), ("unchanged", []))

        self.change("web", {"unset": [{"knob": "pids.max"}]})
        self.assertEqual(pids_limit("web"), "max")
        _, listed = engine.ask("/plimsoll/v1/limits")
        self.assertEqual([one["name"] for one in listed["containers"]], ["web"])

        self.change("web", {"restore": [{"knob": "memory.max"}]})
        self.assertEqual(memory_limit("web"), before)
        self.assertNotIn("found", engine.setting("web", "memory.max"))

    def test_a_dry_run_changes_nothing(self):
        planned = self.change("web", {"set": [{"knob": "pids.max", "value": 50}], "dry_run": True})
        self.assertEqual(planned["result"], "planned")
        self.assertEqual([write["new"] for write in planned["writes"]], ["50"])
        self.assertNotIn("result", planned["writes"][0])
        self.assertEqual(pids_limit("web"), "max")

    def test_finds_by_name_id_prefix_and_path(self):
        _, by_name = engine.limits("web")
        target = by_name["target"]
        for ref in (target["id"], target["id"][:12], "cgroup:" + target["cgroup"]):
            status, answer = engine.limits(ref)
            self.assertEqual((status, answer.get("target")), (200, target), ref)
        status, answer = engine.limits("web-")
        self.assertEqual((status, answer["error"]["kind"]), (404, "not_found"))
        self.assertIn("web-db", answer["error"]["message"])

    def test_refuses_and_says_why(self):
        refused = self.change("web", {"set": [{"knob": "pids.max", "value": 9}, {"knob": "cpuset.cpus", "value": "999"}]}, 422)
        self.assertEqual(refused["error"]["kind"], "refused")
        self.assertEqual(pids_limit("web"), "max")
        wrong = self.change("web", {"set": [{"knob": "pids.max", "value": "many"}]}, 400)
        self.assertIn("/set/0/value", wrong["error"]["message"])
        twice = self.change("web", '{"set":[],"set":[]}', 400)
        self.assertIn("/set: given twice", twice["error"]["message"])

    def test_takes_json_alone(self):
        body = {"restore": "all"}
        self.assertEqual(engine.limits("web", body, headers=["Content-Type: text/plain"])[0], 415)
        self.assertEqual(engine.limits("web", body, headers=["Content-Type:"])[0], 415)
        self.assertEqual(engine.limits("web", " " * 70000)[0], 413)

    def test_shrinking_below_the_floor_is_refused(self):
        docker.run("hog", "head -c 60m /dev/zero | tail | sleep 100000")
        self.addCleanup(docker, "rm", "-f", "hog")
        self.assertTrue(case.eventually(lambda: kernel.memory_rss(path_of("hog")) > 50 * MIB))
        refused = self.change("hog", {"set": [{"knob": "memory.max", "value": "30M"}]}, 422)
        self.assertIn("cannot be reclaimed", refused["error"]["message"])
        self.assertIsNone(memory_limit("hog"))
        self.assertEqual(self.change("hog", {"set": [{"knob": "memory.max", "value": "90M"}]})["result"], "done")
        self.assertEqual(memory_limit("hog"), 90 * MIB)

    def test_leases_end(self):
        self.change("web", {"set": [{"knob": "pids.max", "value": 77}], "for": "2s"})
        self.assertEqual(engine.setting("web", "pids.max")["rule"], "lease")
        self.assertIn("lease_ends", engine.setting("web", "pids.max"))
        self.assertEqual(pids_limit("web"), "77")
        self.assertTrue(case.eventually(lambda: pids_limit("web") == "max"))
        self.assertTrue(case.eventually(lambda: "found" not in engine.setting("web", "pids.max")))

    def test_a_lease_that_is_asked_for_again_stays_longer(self):
        body = {"set": [{"knob": "pids.max", "value": 78}], "for": "2s"}
        self.change("web", body)
        self.change("web", body | {"for": "1h"})
        time.sleep(3)
        self.assertEqual(pids_limit("web"), "78")

    def test_history_knows_who_and_what(self):
        self.change("web", {"set": [{"knob": "pids.max", "value": 66}]})
        status, history = engine.ask("/plimsoll/v1/history?ref=web&limit=1")
        self.assertEqual(status, 200)
        self.assertEqual(history["broken"], "")
        (record,) = history["records"]
        self.assertEqual((record["uid"], record["comm"], record["new"]), (0, "curl", "66"))
        self.assertEqual(engine.ask("/plimsoll/v1/history?limit=0")[0], 400)
        self.assertEqual(engine.ask("/plimsoll/v1/history?colour=red")[0], 400)

    def test_one_change_at_a_time(self):
        """Whoever loses is told so, or finds that it is done; never something in between."""
        answers = []

        def set_pids(value):
            answers.append(engine.limits("web", {"set": [{"knob": "pids.max", "value": value}]}))

        threads = [threading.Thread(target=set_pids, args=(100 + i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertLessEqual({status for status, _ in answers}, {200, 409}, answers)
        done = [answer["writes"][0]["new"] for status, answer in answers if status == 200]
        self.assertIn(pids_limit("web"), done)


class RolesTest(unittest.TestCase):
    BODY = {"set": [{"knob": "pids.max", "value": 55}], "dry_run": True}

    def test_strangers_do_not_get_in(self):
        self.assertEqual(engine.limits("web", as_user=STRANGER)[0], 0)  # Not even to the socket.

    def test_the_read_group_looks(self):
        self.assertEqual(engine.limits("web", as_user=READER, groups=[READ_GROUP])[0], 200)
        status, answer = engine.limits("web", self.BODY, as_user=READER, groups=[READ_GROUP])
        self.assertEqual((status, answer["error"]["kind"]), (403, "forbidden"))
        _, info = engine.ask("/plimsoll/v1/info", as_user=READER, groups=[READ_GROUP])
        self.assertEqual(info["role"], "read")

    def test_the_control_group_changes(self):
        status, answer = engine.limits("web", self.BODY, as_user=WRITER, groups=[CONTROL_GROUP])
        self.assertEqual((status, answer["result"]), (200, "planned"))

    def test_an_open_socket_is_no_right(self):
        """Also where somebody opens the file, the API knows who asks."""
        mode = engine.socket.stat().st_mode
        os.chmod(engine.socket, 0o666)
        self.addCleanup(os.chmod, engine.socket, mode)
        for body in (None, self.BODY):
            status, answer = engine.limits("web", body, as_user=STRANGER)
            self.assertEqual((status, answer["error"]["kind"]), (403, "forbidden"))

    def test_the_socket_belongs_to_its_groups(self):
        facts = engine.socket.stat()
        self.assertEqual((facts.st_uid, facts.st_gid, facts.st_mode & 0o777), (0, CONTROL_GROUP, 0o660))


def counted(metrics, sample):
    """A counter's value; nothing without it."""
    values = [line.removeprefix(sample) for line in metrics.splitlines() if line.startswith(sample)]
    return int(values[0]) if values else None


class EventsTest(unittest.TestCase):
    def test_a_kill_for_memory_is_told_on_the_socket_to_a_hook_and_counted(self):
        told = case.work / "told.json"
        hook = case.work / "hook"
        hook.write_text(f"#!/bin/sh\ncat >> {told}\necho >> {told}\n")
        hook.chmod(0o755)
        watching = Engine(f"--events.exec={hook}")
        self.addCleanup(watching.stop)
        watching.start()
        self.addCleanup(docker, "rm", "-f", "glutton")
        docker.run("glutton", "sleep 1; head -c 200m /dev/zero | tail", "--memory", "20m", "--memory-swap", "20m")

        def kills():
            status, answer = watching.ask("/plimsoll/v1/events?kind=oom_kill")
            self.assertEqual(status, 200, answer)
            return [one for one in answer["events"] if one.get("container", {}).get("name") == "glutton"]

        self.assertTrue(case.eventually(kills), watching.log())
        status, one = watching.ask(f"/plimsoll/v1/events/{kills()[0]['id']}")
        self.assertEqual(status, 200, one)
        self.assertTrue(case.eventually(lambda: told.exists() and '"oom_kill"' in told.read_text()))
        # Of the last second: a little later than the event.
        for sample in ('plimsoll_breaches_total{kind="oom_kill"} ', 'plimsoll_event_deliveries_total{sink="exec 1"} '):
            self.assertTrue(case.eventually(lambda: counted(watching.ask("/metrics")[1], sample)), sample)

    def test_a_kill_is_told_once_under_the_path_that_the_group_has_here(self):
        """The kernel's log names groups as they are called outside of our cgroup namespace."""
        watching = Engine()
        self.addCleanup(watching.stop)
        watching.start()

        def told(path):
            status, answer = watching.ask("/plimsoll/v1/events?kind=oom_kill")
            self.assertEqual(status, 200, answer)
            return [one for one in answer["events"] if one["cgroup"].endswith(path)]

        def once(path):
            self.assertTrue(case.eventually(lambda: told(path)), watching.log())
            time.sleep(2)  # The counter has been looked at for the last time.
            kills = told(path)
            self.assertEqual({one["cgroup"] for one in kills}, {path})
            # By the log, each with its victim, or by the counter, and never by both.
            self.assertEqual(len({one["source"] for one in kills}), 1, kills)
            victims = [one.get("victim", {}).get("pid") for one in kills]
            self.assertEqual(len(set(victims)), len(victims), kills)

        # Before anybody knows how we are called outside, in a group that may be somebody else's.
        group = Group("eater")
        self.addCleanup(group.remove)
        status, answer = watching.limits(group.ref, {"set": [{"knob": "memory.max", "value": "32M"}]})
        self.assertEqual(status, 200, answer)
        group.start("x = bytearray(400 << 20)")
        once(group.path)
        for name in ("glutton-1", "glutton-2"):
            self.addCleanup(docker, "rm", "-f", name)
            container = docker.run(name, "sleep 1; head -c 200m /dev/zero | tail; sleep 100000", "--memory", "20m",
                                   "--memory-swap", "20m")
            once(f"/docker/{container}")

    def test_every_family_is_documented(self):
        watching = Engine("--events.exec", "/bin/true")
        self.addCleanup(watching.stop)
        text = watching.start().ask("/metrics")[1]
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))
        types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
        families = {}
        for name, told in re.findall(r"^# HELP (\S+) (.*)$", text, re.MULTILINE):
            samples = re.findall(rf"^{name}(?:{{(.*)}})? ", text, re.MULTILINE)
            self.assertTrue(samples, name)
            families[name] = (types[name], re.findall(r'(\w+)="', samples[0]), told)
        docs = (case.ROOT / "docs/engine.md").read_text(encoding="utf-8")
        rows = re.findall(r"^\| `(\w+)` \| (counter|gauge) \| (.*?) \| (.*) \|$", docs, re.MULTILINE)
        written = {name: (kind, re.findall(r"`(\w+)`", labels), told) for name, kind, labels, told in rows}
        self.assertEqual({name: written.get(name) for name in families}, families)
        self.assertEqual(set(written) - set(families), set())

    def test_strangers_hear_nothing(self):
        mode = engine.socket.stat().st_mode
        os.chmod(engine.socket, 0o666)
        self.addCleanup(os.chmod, engine.socket, mode)
        for path in ("/plimsoll/v1/events?stream=true", "/plimsoll/v1/events/1", "/metrics"):
            status, answer = engine.ask(path, as_user=STRANGER)
            self.assertEqual((status, answer["error"]["kind"]), (403, "forbidden"), path)


class LifeTest(unittest.TestCase):
    def test_a_second_one_is_refused_with_the_pid(self):
        for other in (Engine(name="main"), Engine(state=engine.state_dir)):
            done = subprocess.run(other.command(), stderr=subprocess.PIPE, text=True, timeout=30, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"in use by the process {engine.process.pid}", done.stderr)

    def test_several_run_side_by_side(self):
        other = Engine()
        self.addCleanup(other.stop)
        other.start()
        self.assertEqual(other.limits("web")[0], 200)

    def test_a_kill_loses_nothing_and_a_dead_lease_ends_at_the_start(self):
        mortal = Engine()
        self.addCleanup(mortal.stop)
        mortal.start()
        for body in ({"set": [{"knob": "pids.max", "value": 44}], "for": "1s"},
                     {"set": [{"knob": "cpu.quota", "value": {"cpus": 0.5}}]}):
            status, answer = mortal.limits("web-db", body)
            self.assertEqual(status, 200, answer)
        mortal.stop(signal.SIGKILL)
        self.assertEqual(pids_limit("web-db"), "44")
        time.sleep(1.5)
        mortal.start()
        self.assertEqual(pids_limit("web-db"), "max")
        self.assertEqual(mortal.setting("web-db", "cpu.quota")["value"], {"cpus": 0.5})
        status, answer = mortal.limits("web-db", {"restore": "all"})
        self.assertEqual((status, answer["result"]), (200, "done"))
        self.assertEqual(mortal.setting("web-db", "cpu.quota")["value"], "max")
        self.assertEqual(mortal.stop(), 0)
        self.assertFalse(mortal.socket.exists())

    def test_settings_from_a_file(self):
        path = case.work / "engine.yaml"

        def settings(text):
            path.write_text(text, encoding="utf-8")
            path.chmod(0o600)

        def check(*flags):
            command = [str(case.PLIMSOLL), "engine", "--config", str(path), "--check-config", *flags]
            return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

        settings("log.level: loud\nsokcet: /x\n")
        done = check()
        self.assertEqual(done.returncode, 2)
        self.assertIn(f"{path}:1:12: log.level: give debug, info, warn or error", done.stderr)
        self.assertIn(f'{path}:2:1: unknown key "sokcet"; the nearest known one is "socket"', done.stderr)
        told = case.work / "told-by-file.json"
        hook = case.work / "hook-of-file"
        hook.write_text(f"#!/bin/sh\ncat >> {told}\n")
        hook.chmod(0o755)
        # The flag wins: the directory of the file would be somebody else's.
        settings(f"run-dir: /nowhere\ncontrol-group: {CONTROL_GROUP}\nevents: {{exec: {hook}}}\n")
        self.assertEqual((check().returncode, check("--log.level=loud").returncode), (0, 2))
        other = Engine("--config", str(path))
        self.addCleanup(other.stop)
        other.start()
        self.assertEqual(other.ask("/plimsoll/v1/info", as_user=WRITER, groups=[CONTROL_GROUP])[1]["role"], "control")
        self.assertIn('plimsoll_event_deliveries_total{sink="exec 1"} ', other.ask("/metrics")[1])
        # Taken at a reload; what is not says so, and what is wrong changes nothing.
        settings(f"run-dir: /nowhere\nread-group: {CONTROL_GROUP}\ncontrol-group: 0\npolicy-dir: {case.work}\n")
        other.process.send_signal(signal.SIGHUP)

        def role():
            answer = other.ask("/plimsoll/v1/info", as_user=WRITER, groups=[CONTROL_GROUP])[1]
            return answer.get("role") if isinstance(answer, dict) else None

        self.assertTrue(case.eventually(lambda: role() == "read"), other.log())
        self.assertNotIn("exec 1", other.ask("/metrics")[1])
        self.assertIn("policy-dir: another value than the engine started with", other.log())
        settings("nonsense: 1\n")
        other.process.send_signal(signal.SIGHUP)
        self.assertTrue(case.eventually(lambda: "the settings in force stay as they are" in other.log()))
        self.assertEqual(role(), "read")

    def test_goes_on_after_a_reload_signal(self):
        engine.process.send_signal(signal.SIGHUP)
        self.assertEqual(engine.ask("/plimsoll/v1/info")[0], 200)


if __name__ == "__main__":
    case.main()
