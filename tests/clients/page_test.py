"""The page at / in a real browser, beside containers that use what they may. Pictures are in build/.../page/."""

import gzip
import os
import time
import unittest
import urllib.request

import case
from browser import Browser
from docker import Docker
from exporter import Exporter

PICTURES = case.PLIMSOLL.parents[1] / "page"
# Half of its pages again and again: over its CPU quota, near its memory limit.
HUNGRY = "dd if=/dev/zero of=/dev/shm/a bs=1M count=28 2>/dev/null; while :; do :; done"


def setUpModule():
    global docker, exporter, browser
    docker = Docker()
    unittest.addModuleCleanup(docker.stop)
    docker.run("hungry", HUNGRY, "--cpus", "0.1", "--memory", "32m", "--pids-limit", "20")
    docker.run("idle", "sleep 100000")
    docker.run("web", "while :; do cat /bin/busybox > /tmp/a; sleep 0.2; done", "--memory", "64m")
    exporter = Exporter("--web.listen-address=127.0.0.1:0")
    unittest.addModuleCleanup(exporter.stop)
    browser = Browser()
    unittest.addModuleCleanup(browser.stop)
    PICTURES.mkdir(exist_ok=True)
    if "PLIMSOLL_PAUSE" in os.environ:
        print(f"[page] http://{exporter.address}/")


def address(path=""):
    return f"http://{exporter.address}/{path}"


def get(path, **headers):
    request = urllib.request.Request(address(path), headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return dict(answer.headers), answer.read()


def names():
    return browser.texts("tbody th a")


def row(name):
    cells = "[...[...document.querySelectorAll('tbody tr')].find((row) => row.querySelector('a').textContent === arguments[0]).cells]"
    return browser.run(f"return {cells}.map((cell) => cell.textContent)", name)


# How much of a canvas is painted, of 1.
PAINTED = """
return [...document.querySelectorAll(arguments[0])].map((canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.filter((value, i) => i % 4 === 3 && value > 0).length / (data.length / 4);
})
"""


SIDEWAYS = "const list = document.querySelector('.w'); return list.scrollWidth - list.clientWidth"


class Page(unittest.TestCase):
    def setUp(self):
        browser.open("about:blank")
        browser.open(address())

    def test_shows_what_runs_and_how_close_it_is_to_its_limits(self):
        self.assertTrue(case.eventually(lambda: set(names()) == {"hungry", "idle", "web"}), names())
        # Sorted by what is closest to a limit.
        self.assertTrue(case.eventually(lambda: names()[0] == "hungry"), names())
        self.assertTrue(case.eventually(lambda: "throttled" in row("hungry")[7]), row("hungry"))
        hungry = row("hungry")
        self.assertRegex(hungry[2], r"^0\.[01]\d / 0\.10$")
        self.assertRegex(hungry[3], r"^\d\d(\.\d)? MiB / 32\.0 MiB$")
        self.assertRegex(hungry[6], r"^\d+ / 20$")
        self.assertTrue(case.eventually(lambda: row("idle")[2] == "0.00"), row("idle"))
        self.assertTrue(case.eventually(lambda: max(browser.run(PAINTED, "tbody .spark")) > 0.01))
        browser.picture(PICTURES / "list.png")

    def test_is_searched_and_sorted_from_the_keyboard(self):
        self.assertTrue(case.eventually(lambda: len(names()) == 3), names())
        browser.type("/")
        browser.type("WEB")
        self.assertTrue(case.eventually(lambda: names() == ["web"]), names())
        browser.run("document.activeElement.value = ''; document.activeElement.dispatchEvent(new Event('input'))")
        browser.type("escape")
        browser.click("thead th button")
        self.assertTrue(case.eventually(lambda: names() == ["hungry", "idle", "web"]), names())
        browser.click("thead th button")
        self.assertTrue(case.eventually(lambda: names() == ["web", "idle", "hungry"]), names())
        self.assertEqual(browser.run("return document.querySelector('thead th').getAttribute('aria-sort')"), "descending")
        browser.type("down")
        browser.type("down")
        self.assertEqual(browser.run("return document.activeElement.textContent"), "idle")
        browser.type("enter")
        self.assertTrue(case.eventually(lambda: browser.texts("h2")[:1] == ["idle"]), browser.texts("h2"))
        browser.type("escape")
        self.assertTrue(case.eventually(lambda: len(names()) == 3), names())

    def test_a_container_in_charts_until_it_ends(self):
        identity = docker.run("passing", HUNGRY, "--cpus", "0.2", "--memory", "64m")
        cgroup = f"/docker/{identity}"
        self.assertTrue(case.eventually(lambda: "passing" in names()), names())
        browser.open(address(f"#/container{cgroup}"))
        self.assertTrue(case.eventually(lambda: browser.texts("h2")[:1] == ["passing"]), browser.texts("h2"))
        self.assertIn("plimsoll-test/busybox:1", browser.texts("dd"))
        # CPU, memory and PIDs have lines over their grids after a few seconds.
        self.assertTrue(case.eventually(lambda: min(browser.run(PAINTED, ".chart")) > 0.005, 30), browser.run(PAINTED, ".chart"))
        self.assertEqual(len(browser.texts("figcaption")), 6)
        time.sleep(4)  # For the picture: a few seconds of lines.
        browser.picture(PICTURES / "container.png")
        docker("rm", "-f", "passing")
        self.assertTrue(case.eventually(lambda: any("has ended" in text for text in browser.texts(".sub"))), browser.texts(".sub"))

    def test_what_is_read_every_few_seconds_has_no_peaks_of_its_own(self):
        at = lambda second: f"2026-11-22T12:00:{second:02}.000000000Z"
        # Read at 0, 5 and 10 s; between them the snapshots repeat what was read.
        points = [{"timestamp": at(second), "sampled_at_warm": at(second // 5 * 5), "value": second // 5 * 2} for second in range(12)]
        script = "return import('/page/detail.js').then(({ growth }) => growth(arguments[0], (point) => point.value, true))"
        self.assertEqual([rate for _, rate in browser.run(script, points)], [0.4, 0.4])
        # Those of the history do not say when. What stands for longer than it may go unread did not grow.
        history = [{"timestamp": at(second), "value": second // 5 * 2 if second < 20 else 6} for second in range(32)]
        self.assertEqual([rate for _, rate in browser.run(script, history)], [0.4, 0.4, 0.4, 0.0])

    def test_control_groups_as_a_tree(self):
        browser.open(address("#/tree"))
        self.assertTrue(case.eventually(lambda: len(browser.texts(".tree summary")) >= 2), browser.texts(".sub"))
        self.assertTrue(case.eventually(lambda: {"hungry", "idle", "web"} <= set(browser.texts(".tree a"))), browser.texts(".tree a"))
        browser.picture(PICTURES / "tree.png")

    def test_events_as_they_happen(self):
        browser.open(address("#/events"))
        self.assertTrue(case.eventually(lambda: any("hungry" in text for text in browser.texts("tbody tr"))), browser.texts("tbody tr"))
        docker.run("brief", "sleep 2; exit 3")
        told = lambda: [text for text in browser.texts("tbody tr") if "brief" in text]  # noqa: E731
        self.assertTrue(case.eventually(lambda: len(told()) == 2), told())
        self.assertIn("ended, exit code 3", told()[0])
        browser.picture(PICTURES / "events.png")

    def test_asks_nobody_else_and_runs_nothing_inline(self):
        for part in ("#/", "#/tree", "#/events", "containers/"):
            browser.open(address(part))
        case.eventually(lambda: browser.texts("tbody tr"))
        self.assertEqual(browser.complaints(), [])
        foreign = [url for url in browser.requests() if url.startswith(("http", "ws")) and not url.startswith(address())]
        self.assertEqual(foreign, [])
        headers, page = get("")
        policy = headers["Content-Security-Policy"]
        self.assertIn("default-src 'none'", policy)
        self.assertNotIn("unsafe", policy)
        self.assertNotIn(b"<style", page)

    def test_is_small_and_sent_once(self):
        files = ("", *(f"page/{name}" for name in ("page.css", "page.js", "live.js", "list.js", "detail.js", "chart.js", "tree.js", "events.js", "text.js")))
        size = 0
        for file in files:
            headers, body = get(file, **{"Accept-Encoding": "gzip"})
            size += len(body)
            if file:
                self.assertEqual(headers["Content-Encoding"], "gzip", file)
                self.assertEqual(gzip.decompress(body), get(file)[1], file)
                with self.assertRaises(urllib.error.HTTPError) as again:
                    get(file, **{"If-None-Match": headers["ETag"]})
                self.assertEqual(again.exception.code, 304)
        self.assertLess(size, 80_000)

    def test_fits_a_phone_and_is_dark_where_that_is_liked(self):
        browser.resize(390, 844)
        self.addCleanup(browser.resize, 1300, 900)
        self.assertTrue(case.eventually(lambda: len(names()) == 3), names())
        wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        self.assertEqual(browser.run(wide), 0)
        browser.picture(PICTURES / "phone.png")
        browser.ask("/goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia", "params": {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}})
        ground = browser.run("return getComputedStyle(document.body).backgroundColor")
        self.assertEqual(ground, "rgb(20, 24, 31)")
        browser.resize(1300, 900)
        browser.picture(PICTURES / "dark.png")

    def test_long_names_give_way(self):
        name = "plimsoll-test-" + "long-" * 10
        docker.run(name, HUNGRY, "--cpus", "0.1", "--memory", "32m", "--pids-limit", "2000")
        self.addCleanup(docker, "rm", "-f", name)
        self.assertEqual(len(name), 64)
        self.addCleanup(browser.resize, 1300, 900)
        self.assertTrue(case.eventually(lambda: name in names()), names())
        # With everything that its row may say.
        self.assertTrue(case.eventually(lambda: "throttled" in row(name)[7] and "/" in row(name)[4]), row(name))
        shown = "return [...document.querySelectorAll('tbody th')].map((cell) => cell.clientWidth)"
        for width in (1300, 1000, 390):
            browser.resize(width, 900)
            # The window's change is told to the page a little later.
            self.assertTrue(case.eventually(lambda: browser.run(SIDEWAYS) == 0, 5), width)
            self.assertGreater(min(browser.run(shown)), 90, width)
            browser.picture(PICTURES / f"long-{width}.png")
        self.assertIn(name, browser.run("return [...document.querySelectorAll('tbody a')].map((link) => link.title)"))

    def test_columns_without_room_are_left_out(self):
        shown = "return [...document.querySelectorAll('thead th')].filter((head) => head.offsetParent).map((head) => head.textContent)"
        self.addCleanup(browser.resize, 1300, 900)
        browser.resize(1900, 900)
        self.assertTrue(case.eventually(names), "no row")
        self.assertEqual(len(browser.run(shown)), 8)
        # As long as numbers may get, or as large as somebody reads.
        browser.run("document.body.style.fontSize = '22px'")
        self.assertTrue(case.eventually(lambda: browser.run(SIDEWAYS) == 0), browser.run(SIDEWAYS))
        left = browser.run(shown)
        self.assertNotIn("Runtime", left)
        self.assertLessEqual({"Name", "CPU", "Memory", "Closest limit"}, set(left))
        browser.run("document.body.style.fontSize = ''")
        browser.resize(1850, 900)
        self.assertTrue(case.eventually(lambda: len(browser.run(shown)) == 8), browser.run(shown))

    def test_is_a_list_without_scripts(self):
        _, page = get("")
        for name in ("hungry", "idle", "web"):
            self.assertIn(f">{name}</a>", page.decode())


if __name__ == "__main__":
    case.main()
