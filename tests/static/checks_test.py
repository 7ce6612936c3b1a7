"""The small static checks must see what they are for. (includes_test.py has the include check's.)"""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import headers
import passed
import sizes
import sources
import tidy
import tree
import words


class WordsTest(unittest.TestCase):
    def test_paths_and_unknown_hosts_are_named_with_their_line(self):
        text = "fine\ncp /wor" + "k/x .\nsee https:/" + "/nobody.knows.me/page\n"
        self.assertEqual(
            words.problems_of("a.md", text),
            ["a.md:2: path of one machine: /wor" + "k/", "a.md:3: unknown host in a URL: nobody.knows.me"],
        )

    def test_ordinary_text_passes(self):
        for line in (
            "the overlay's lower/work/upper directories",
            "curl http://127.0.0.1:7546/metrics and http://[::1]:7546/",
            "http://host?x and http://host:80/",
            "https://docs.kernel.org/admin-guide/cgroup-v2.html.",
            'f"http://{address}/metrics" "http://$address/"',
        ):
            self.assertEqual(words.problems_of("a", line), [], line)


class SizesTest(unittest.TestCase):
    def test_warns_then_fails(self):
        warnings, failures = sizes.verdicts({"a.cc": 400, "b.cc": 401, "c.cc": 601, "d.h": 301, "e.h": 201})
        self.assertEqual([line.split(":")[1].strip() for line in warnings], ["b.cc", "e.h"])
        self.assertEqual([line.split(":")[0] for line in failures], ["c.cc", "d.h"])


class SourcesTest(unittest.TestCase):
    def test_a_source_nobody_compiles(self):
        lists = {"room": "plimsoll_room(room SOURCES a.cc sub/b.cc)  # c.cc"}
        paths = ["room/a.cc", "room/sub/b.cc", "room/c.cc", "lost/d.cc", "generated/e.cc"]
        found = sources.not_compiled(paths, {"generated/e.cc"}, lists)
        self.assertEqual([line.split(":")[0] for line in found], ["room/c.cc", "lost/d.cc"])


class HeadersTest(unittest.TestCase):
    def test_a_header_that_needs_another_first(self):
        # A real file, so that the compiler is really asked: it is no header, and has no guard.
        problem = headers.compile_alone("base/text_test.cc", headers.FLAGS)
        self.assertIn("does not compile alone", problem)
        self.assertEqual(headers.compile_alone("base/number.h", headers.FLAGS), "")


    def test_what_a_source_includes_first_is_compiled_alone_already(self):
        texts = ['// Why.\n\n#include "a.h"\n\n#include "b.h"\n', "#include <c>\n", '#include <c>\n#include "d.h"\n']
        self.assertEqual(headers.included_first(texts), {"a.h"})


class TidyTest(unittest.TestCase):
    def in_batches(self, items, size, texts):
        return [[path for path, _ in batch] for batch in tidy.batches(items, size, lambda path: texts.get(path, ""))]

    def test_neighbours_with_the_same_flags_go_together(self):
        items = [("b/2.cc", ["-y"]), ("a/1.cc", ["-x"]), ("a/2.cc", ["-x"]), ("a/3.cc", ["-y"]), ("b/1.cc", ["-y"]), ("b/3.cc", ["-y"])]
        self.assertEqual(self.in_batches(items, 2, {}), [["a/1.cc", "a/2.cc"], ["a/3.cc", "b/1.cc"], ["b/2.cc", "b/3.cc"]])

    def test_units_with_names_of_their_own_in_common_go_apart(self):
        def alone(line):
            return f"namespace {{\n\n{line}\n\n}}  // namespace\n"

        texts = {"1": alone("const std::vector<Rule> kRules{"), "2": alone("constexpr int kRules = 1;"), "3": alone("struct Rule {")}
        self.assertEqual([tidy.own_names(texts[path]) for path in "123"], [{"kRules"}, {"kRules"}, {"Rule"}])
        self.assertEqual(self.in_batches([(path, []) for path in "1234"], 3, texts), [["1", "3", "4"], ["2"]])
        # Rather in a full one than alone.
        texts = {"1": alone("int a() {"), "3": alone("int a() {\nint b() {"), "4": alone("int b() {")}
        self.assertEqual(self.in_batches([(path, []) for path in "1234"], 2, texts), [["1", "2", "4"], ["3"]])

    def test_who_does_not_go_with_the_others(self):
        second = f"{tree.ROOT}/a/2.cc:7:1: error: redefinition of 'kRules' [clang-diagnostic-error]"
        finding = f"{tree.ROOT}/a/1.cc:3:1: error: forgot std::move [performance-for-range-copy,-warnings-as-errors]"
        header = f"{tree.ROOT}/a/x.h:7:1: error: no such type [clang-diagnostic-error]"
        paths = ["a/1.cc", "a/2.cc", "a/3.cc"]
        self.assertEqual(tidy.do_not_fit(paths, f"{finding}\n{second}\n"), {"a/2.cc"})
        self.assertEqual(tidy.do_not_fit(paths, header), set(paths))
        self.assertEqual(tidy.do_not_fit(paths, finding), set())


class PassedTest(unittest.TestCase):
    def setUp(self):
        self.cache = passed.Passed("build/unused", "tool 1")
        self.cache.texts = {
            "a.cc": '#include "a.h"\n',
            "a.h": '#include "b.h"\n#include "a.h"\n',
            "b.h": "int b;",
            "c.h": "",
        }

    def test_the_key_changes_with_everything_that_counts_and_nothing_else(self):
        before = self.cache.key("a.cc", ["-O1"])
        self.cache.texts["c.h"] = "int c;"
        self.assertEqual(self.cache.key("a.cc", ["-O1"]), before)
        self.assertNotEqual(self.cache.key("a.cc", ["-O2"]), before)
        self.cache.texts["b.h"] = "long b;"
        self.assertNotEqual(self.cache.key("a.cc", ["-O1"]), before)


if __name__ == "__main__":
    unittest.main()
