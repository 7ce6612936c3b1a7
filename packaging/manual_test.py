"""Manual pages and completions of the built program, held against its own --help."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

BUILD = Path(os.environ.get("PLIMSOLL_BUILD", Path(__file__).resolve().parents[1] / "build/dev"))
PLIMSOLL = BUILD / "bin/plimsoll"
SHELLS = ("bash", "zsh", "fish")
FLAG = re.compile(r"^  (-[^\s,]+(?:,-[^\s,]+)*)", re.MULTILINE)


def run(*command, text=None, **options):
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=60, **options)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def plimsoll(*words):
    return run(str(PLIMSOLL), *words)


def commands_of(words):
    """The commands that help lists below this one."""
    _, found, rest = plimsoll(*words, "--help").partition("Commands:\n")
    return re.findall(r"^  (\S+) {3,}", rest, re.MULTILINE) if found else []


def tree(words=()):
    yield words
    for word in commands_of(words):
        yield from tree((*words, word))


def flags_of(words):
    text = plimsoll(*words, "--help")
    if "Commands:\n" in text:
        return {"--help"}
    # "--web.x{false}" is how the parser marks a flag that switches off.
    names = {name.partition("{")[0] for names in FLAG.findall(text) for name in names.split(",")}
    return {name.partition("=")[0].removesuffix("[") for name in names}


class Manual(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory(prefix="plimsoll-test-")
        cls.addClassCleanup(directory.cleanup)
        cls.pages = Path(directory.name)
        plimsoll("man", "--output-dir", str(cls.pages))
        cls.commands = list(tree())
        cls.flags = {words: flags_of(words) for words in cls.commands}
        cls.scripts = {shell: plimsoll("completion", shell) for shell in SHELLS}

    def page(self, words):
        return self.pages / ("-".join(("plimsoll", *words)) + ".1")

    def test_help_was_understood(self):
        self.assertIn(("limit", "set"), self.commands)
        self.assertTrue({"--memory", "--socket", "--help", "-h"} <= self.flags[("limit", "set")])
        self.assertIn("--web.listen-address", self.flags[("exporter",)])

    def test_a_page_for_each_command_with_every_flag(self):
        self.assertEqual({path.name for path in self.pages.iterdir()}, {self.page(words).name for words in self.commands})
        for words, flags in self.flags.items():
            text = self.page(words).read_text().replace("\\-", "-")
            missing = {flag for flag in flags if f"\\fB{flag}\\fR" not in text}
            self.assertEqual(missing, set(), words)

    def test_the_page_of_one_command_is_printed(self):
        self.assertIn("PLIMSOLL\\-LIMIT\\-SET", plimsoll("man", "limit", "set"))
        done = subprocess.run([PLIMSOLL, "man", "nothing"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 2)

    def test_the_pages_are_clean(self):
        pages = sorted(map(str, self.pages.iterdir()))
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *pages], capture_output=True, text=True, check=False)
        self.assertEqual(done.stdout + done.stderr, "")
        for page in pages:
            done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page],
                                  capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""), page)

    def test_every_shell_parses_its_script(self):
        for shell, script in self.scripts.items():
            run(shell, "-n", *(("/dev/stdin",) if shell == "fish" else ()), text=script)

    def test_every_shell_knows_every_command_and_flag(self):
        for words, flags in self.flags.items():
            long = {flag[2:] for flag in flags if flag.startswith("--")}
            path, function = " ".join(words), "_".join(("", "plimsoll", *words))
            bash = re.search(rf"(?ms)^    '{re.escape(path)}'\)\n(.*?);;", self.scripts["bash"]).group(1)
            self.assertEqual({flag for flag in long if not re.search(rf"--{re.escape(flag)}[ ']", bash)}, set(), path)
            zsh = re.search(rf"(?ms)^{function}\(\) \{{\n(.*?)^\}}", self.scripts["zsh"]).group(1)
            self.assertEqual({flag for flag in long if not re.search(rf"--{re.escape(flag)}[=\[]", zsh)}, set(), path)
            place = "__plimsoll_at /" + "/".join(words)
            fish = [line for line in self.scripts["fish"].splitlines() if f"'{place}'" in line]
            known = {name for line in fish for name in re.findall(r" -l (\S+)", line)}
            self.assertEqual(long - known, set(), path)
            offered = {name for line in fish for name in re.findall(r" -a (\S+) -d", line)}
            self.assertEqual(set(commands_of(words)) - offered, set(), path)

    def complete_bash(self, *words):
        script = self.scripts["bash"] + f"COMP_WORDS=({' '.join(words)})\n" + (
            f"COMP_CWORD={len(words) - 1}\ncompopt() {{ echo files; }}\n_plimsoll\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n"
        )
        return run("bash", "--norc", text=script, env={**os.environ, "PATH": f"{self.bin()}:{os.environ['PATH']}"}).split()

    def bin(self):
        """A `plimsoll` that has containers."""
        folder = self.pages.parent / f"{self.pages.name}-bin"
        if not folder.exists():
            folder.mkdir()
            self.addClassCleanup(shutil.rmtree, folder)
            (folder / "plimsoll").write_text("#!/bin/sh\nprintf 'web\\nweb-2\\ndb\\n'\n")
            (folder / "plimsoll").chmod(0o755)
        return folder

    def test_bash_completes(self):
        self.assertIn("limit", self.complete_bash("plimsoll", "li"))
        self.assertEqual(self.complete_bash("plimsoll", "limit", "se"), ["set"])
        self.assertIn("--memory", self.complete_bash("plimsoll", "limit", "set", "--mem"))
        self.assertEqual(self.complete_bash("plimsoll", "limit", "set", "we"), ["web", "web-2"])
        self.assertEqual(self.complete_bash("plimsoll", "limit", "set", "--memory", "''"), [])
        self.assertEqual(self.complete_bash("plimsoll", "engine", "--state-dir", "''"), ["files"])

    def test_fish_completes(self):
        def complete(line):
            said = run("fish", "--no-config", "-c", f'{self.scripts["fish"]}\ncomplete -C "{line}"',
                       env={**os.environ, "PATH": f"{self.bin()}:{os.environ['PATH']}", "HOME": str(self.bin())})
            return {entry.split("\t")[0] for entry in said.splitlines()}

        self.assertIn("limit", complete("plimsoll li"))
        self.assertEqual(complete("plimsoll limit se"), {"set"})
        self.assertIn("--memory", complete("plimsoll limit set --mem"))
        self.assertTrue({"web", "web-2"} <= complete("plimsoll limit set we"))


if __name__ == "__main__":
    unittest.main()
