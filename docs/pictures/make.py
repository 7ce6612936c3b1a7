#!/usr/bin/python3
"""Makes the pictures of this directory: the page, `plimsoll top` and `plimsoll stats`.

    PLIMSOLL_BUILD=build/release docs/pictures/make.py

As root: it makes a host of its own as the tests do (tests/clients/mini_host.py), runs containers under load in it, and lets
Chromium draw the page and what stands on a terminal of tmux. Takes three minutes. Look at the pictures before you keep them.
"""

import html
import os
import re
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tests/clients"))

import case  # noqa: E402
from browser import Browser  # noqa: E402
from container_host import IMAGE, ContainerHost, clis  # noqa: E402
from exporter import Exporter  # noqa: E402
from terminal import Terminal  # noqa: E402

LINES, COLUMNS = 18, 110
SPIN = "while :; do :; done"
WAVES = f"while :; do for i in '1 9' '3 7' '6 4' '9 1' '7 3' '4 6'; do set -- $i; busybox timeout 0.$1 sh -c '{SPIN}'; sleep 0.$2; done; done"
LABELS = ["--label", "com.docker.compose.project=shop"]
CONTAINERS = {
    "web": ("exec httpd -f -h /bin", *LABELS, "--memory", "64m", "--pids-limit", "50"),
    "asker": ("while :; do wget -q -O /dev/null http://$WEB/busybox; sleep 0.05; done", *LABELS, "--memory", "64m"),
    "db": ("dd if=/dev/zero of=/dev/shm/a bs=1M count=60 2>/dev/null; sleep 100000", *LABELS, "--memory", "64m", "--shm-size", "64m"),
    "batch": (SPIN, "--cpus", "0.3", "--memory", "128m"),
    "import": ("while :; do dd if=/dev/zero of=/f bs=1M count=4 conv=fsync 2>/dev/null; sleep 0.3; done", "--memory", "128m"),
    "worker": (WAVES, "--cpus", "1", "--memory", "32m"),
    "leaky": ("tail /dev/zero; exec sleep 100000", "--memory", "16m", "--memory-swap", "16m"),
    "idle": ("exec sleep 100000", "--memory", "32m"),
}
# xterm's sixteen colours, a little calmer.
COLOURS = "#2e3436 #e06c60 #8ac26b #e5c07b #61a5e0 #c278dd #56b6c2 #d7dae0 #7f848e #ff7b72 #a5d68a #f2d38c #7cc0ff #d79bf0 #7fd4de #ffffff".split()
PAGE = """<meta charset=utf-8><style>body{{margin:0;background:#1d2026}}
pre{{margin:0;padding:16px 20px;font:15px/1.3 "DejaVu Sans Mono",monospace;color:#d7dae0;display:inline-block}}</style><pre>{}</pre>"""


def spans(screen):
    """What tmux captured with its escapes, as HTML."""
    out, style = [], {}
    for part in re.split(r"(\x1b\[[0-9;]*m)", screen):
        if not part.startswith("\x1b["):
            colour, ground = style.get("colour", "#d7dae0"), style.get("ground", "#1d2026")
            if style.get("reverse"):
                colour, ground = ground, colour
            rules = f"color:{colour};background:{ground}" + (";font-weight:bold" if style.get("bold") else "")
            out.append(f'<span style="{rules}">{html.escape(part)}</span>' if part else "")
            continue
        codes = [int(code or 0) for code in part[2:-1].split(";")]
        while codes:
            apply(style, codes)
    return "".join(out)


def apply(style, codes):
    """Takes one attribute from the front of the codes."""
    code = codes.pop(0)
    if code == 0:
        style.clear()
    elif code in (1, 7):
        style["bold" if code == 1 else "reverse"] = True
    elif code in (22, 27):
        style.pop("bold" if code == 22 else "reverse", None)
    elif 30 <= code <= 37 or 90 <= code <= 97:
        style["colour"] = COLOURS[code - 30 if code < 40 else code - 82]
    elif 40 <= code <= 47:
        style["ground"] = COLOURS[code - 40]
    elif code in (38, 48) and codes[:1] == [5]:
        del codes[0]
        style["colour" if code == 38 else "ground"] = COLOURS[codes.pop(0) % 16]
    elif code in (39, 49):
        style.pop("colour" if code == 39 else "ground", None)


def draw(browser, screen, name):
    page = case.work / "screen.html"
    page.write_text(PAGE.format(spans(screen.rstrip("\n"))), encoding="utf-8")
    browser.open(f"file://{page}")
    width, height = browser.run("const r=document.querySelector('pre').getBoundingClientRect(); return [r.width, r.height]")
    # The window's frame is not the page's.
    frame = browser.run("return [window.outerWidth - window.innerWidth, window.outerHeight - window.innerHeight]")
    browser.resize(int(width) + frame[0], int(height) + frame[1])
    browser.picture(HERE / name)


def draw_page(browser, address):
    """The list by day, by night and on a phone, and one container."""
    browser.resize(1300, 640)
    browser.open(f"http://{address}/")
    time.sleep(20)
    browser.picture(HERE / "page-list.png")
    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    browser.ask("/goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia", "params": dark})
    time.sleep(3)  # Lines are drawn with the next sample.
    browser.picture(HERE / "page-dark.png")
    browser.ask("/goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia", "params": {"features": []}})
    browser.resize(390, 844)
    time.sleep(3)
    browser.picture(HERE / "page-phone.png")
    browser.resize(1300, 1100)
    browser.run("[...document.querySelectorAll('tbody th a')].find((a) => a.textContent === 'worker').click()")
    time.sleep(10)
    browser.picture(HERE / "page-container.png")


def draw_terminal(browser, roots):
    program = f"unshare --uts sh -c 'hostname demo; exec {case.PLIMSOLL} top --local --color always {roots}'"
    terminal = Terminal(program, LINES, COLUMNS, ("LC_ALL=C.UTF-8", "COLORTERM="))
    terminal.shows("db")
    time.sleep(60)  # Lines need a past.
    draw(browser, terminal.screen(escapes=True), "top.png")
    terminal.type("/worker")
    terminal.keys("Enter")
    terminal.keys("Enter")
    time.sleep(3)
    draw(browser, terminal.screen(escapes=True), "top-container.png")
    terminal.stop()


def main():
    case.work = case.find_host()
    host = ContainerHost(next(iter(clis().values())))
    roots = f"--plimsoll-run {host.engine.run_dir}"
    exporter = browser = None
    try:
        for name, (script, *flags) in CONTAINERS.items():
            web = host("inspect", "-f", "{{.NetworkSettings.IPAddress}}", "web") if name == "asker" else ""
            host("run", "-d", "--name", name, "-e", f"WEB={web}", *flags, IMAGE, "sh", "-c", script)
        # A name of nobody's machine.
        exporter = Exporter(*roots.split(), prefix=("unshare", "--uts", "sh", "-c", 'hostname demo; exec "$0" "$@"'))
        browser = Browser(1600, 1000)
        draw_terminal(browser, roots)
        columns = "name,cpu,mem,mem%,limits,net,block,pids,throttled,psi,oom"
        done = subprocess.run([case.PLIMSOLL, "stats", "--host", exporter.address, "--no-stream", "--sort", "cpu", "--columns", columns],
                              capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "200"})
        draw(browser, f"$ plimsoll stats --no-stream --sort cpu --columns {columns}\n{done.stdout}", "stats.png")
        draw_page(browser, exporter.address)
    finally:
        if browser:
            browser.stop()
        if exporter:
            exporter.stop()
        host.stop()


if __name__ == "__main__":
    main()
