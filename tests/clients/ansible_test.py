"""The Ansible role, played on a host of its own: packages, settings, policies, users, handlers, and nothing to do the second time.

There is no systemd here: a program in its place keeps which units are enabled and active, and a log of what it was asked.
"""

import base64
import crypt
import json
import os
import re
import subprocess
import unittest
import urllib.error
import urllib.request
from pathlib import Path

import case
from views import own_view

PLAYBOOK = case.ROOT / "packaging/ansible/site.yml"
STATE = Path("/run/plimsoll-test-systemctl")
SYSTEMCTL = """#!/bin/sh
# systemctl, as far as ansible asks it. What it was asked to do is in the log.
state=/run/plimsoll-test-systemctl
while :; do case $1 in --*) shift ;; *) break ;; esac; done
verb=$1 unit=$2
case $verb in
  show)
    [ -e "/lib/systemd/system/$unit" ] && loaded=loaded || loaded=not-found
    [ -e "$state/active/$unit" ] && active=active || active=inactive
    printf 'Id=%s\\nLoadState=%s\\nActiveState=%s\\nSubState=running\\n' "$unit" "$loaded" "$active" ;;
  is-enabled) [ -e "$state/enabled/$unit" ] && echo enabled || { echo disabled; exit 1; } ;;
  is-active) [ -e "$state/active/$unit" ] && echo active || { echo inactive; exit 3; } ;;
  enable) touch "$state/enabled/$unit"; echo "$verb $unit" >>"$state/log" ;;
  start|restart) touch "$state/active/$unit"; echo "$verb $unit" >>"$state/log" ;;
  reload) [ -e "$state/active/$unit" ] || exit 1; echo "$verb $unit" >>"$state/log" ;;
  *) exit 1 ;;
esac
"""

USER = "plimsoll-test-user"
POLICY = "mode: observe\nrules:\n  - name: web\n    match: {name: web}\n    limits: {memory.max: 64M}\n"
EVERYTHING = {
    "plimsoll_listen_address": "127.0.0.1:17546", "plimsoll_exporter_flags": ["--reader.warm-interval=1s", "--interval=1s"],
    "plimsoll_web_config": {"basic_auth_users": {USER: crypt.crypt("secret", "$2b$05$abcdefghijklmnopqrstuu")}},
    "plimsoll_engine": True, "plimsoll_policies": {"50-web.yaml": POLICY}, "plimsoll_control_users": [USER], "plimsoll_read_users": [USER],
}  # fmt: skip


def run(*words, **options):
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=300, **options)
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


def setUpModule():
    for directory in ("/etc", "/usr", "/home", "/var/cache", "/var/log", "/var/mail"):
        own_view(directory)
    own_view("/var/lib/plimsoll", bind=True)
    for name in ("active", "enabled"):
        (STATE / name).mkdir(parents=True)
    Path("/usr/bin/systemctl").unlink()
    Path("/usr/bin/systemctl").write_text(SYSTEMCTL)
    Path("/usr/bin/systemctl").chmod(0o755)
    # Compressing them is most of the work.
    quick = {**os.environ, "DPKG_DEB_COMPRESSOR_TYPE": "none"}
    run("script/package", "--build", str(case.PLIMSOLL.parents[1]), "--output", str(case.work / "package"), cwd=case.ROOT, env=quick)


def play(**variables):
    """What changed, and which units were asked for what."""
    given = {
        "plimsoll_package_dir": str(case.work / "package"), "ansible_become": False, "ansible_pipelining": True,
        "ansible_python_interpreter": "/usr/bin/python3", **variables,
    }  # fmt: skip
    inventory = case.work / "hosts"
    inventory.write_text("[container_hosts]\nlocalhost ansible_connection=local\n")
    log = STATE / "log"
    log.write_text("")
    environment = {**os.environ, "HOME": str(case.work)}
    out = run("ansible-playbook", "-i", str(inventory), "-e", json.dumps(given), str(PLAYBOOK), env=environment)
    print(out, flush=True)
    parts = re.findall(r"(?ms)^(?:TASK|RUNNING HANDLER) \[plimsoll : (.*?)\] \*+\n(.*?)\n\n", out)
    assert parts, out
    return [name for name, said in parts if re.search("(?m)^changed:", said)], log.read_text().splitlines()


def status_of(path, user):
    request = urllib.request.Request(f"http://127.0.0.1:17546{path}")
    request.add_header("Authorization", "Basic " + base64.b64encode(user.encode()).decode())
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as refusal:
        return refusal.code
    except OSError:
        return None


def flags(name):
    """As systemd reads them."""
    (line,) = [one for one in Path(f"/etc/default/{name}").read_text().splitlines() if not one.startswith("#")]
    return line.partition("=")[2].split()


class Role(unittest.TestCase):
    def test_the_settings_are_what_the_programs_take(self):
        changed, asked = play(**EVERYTHING)
        self.assertLessEqual({"Install them", "Configure the exporter", "Write the policies"}, set(changed))
        units = ("plimsoll-exporter.service", "plimsoll-engine.socket", "plimsoll-engine.service")
        self.assertEqual(asked[:6], [f"{verb} {unit}" for unit in units for verb in ("enable", "start")])
        # Handlers, at the end.
        self.assertEqual(asked[6:], [f"restart {units[0]}", f"restart {units[2]}", f"reload {units[2]}"])
        self.assertEqual(Path("/etc/plimsoll/web.yml").stat().st_mode & 0o777, 0o640)
        self.assertEqual({group for group in ("plimsoll", "plimsoll-read") if USER in run("getent", "group", group)}, {"plimsoll", "plimsoll-read"})
        run("promtool", "check", "web-config", "/etc/plimsoll/web.yml")
        checked = run("/usr/bin/plimsoll", "engine", "--config", "/etc/plimsoll/engine.yaml", "--check-config", *flags("plimsoll-engine"))
        self.assertIn("nothing wrong", checked)
        run("/usr/bin/plimsoll", "limit", "policy", "check", "/etc/plimsoll/policy.d/50-web.yaml")
        command = ["/usr/bin/plimsoll", "exporter", *flags("plimsoll-exporter")]
        process = subprocess.Popen(command)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertTrue(case.eventually(lambda: status_of("/-/ready", "") == 401))
        self.assertEqual(status_of("/-/ready", f"{USER}:secret"), 200)

    def test_again_there_is_nothing_to_do_and_a_policy_is_only_read_again(self):
        self.assertEqual(play(**EVERYTHING), ([], []))
        more = {**EVERYTHING, "plimsoll_policies": {"50-web.yaml": POLICY.replace("64M", "48M")}}
        self.assertEqual(play(**more), (["Write the policies", "Reload the engine"], ["reload plimsoll-engine.service"]))


if __name__ == "__main__":
    case.main()
