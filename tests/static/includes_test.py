"""The include check must see each kind of violation, and nothing else."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import includes
import tree

ROOMS = includes.parse_rooms(
    """
# room           | may include                        | libraries
base             |                                    | fmt
kernel/parse     | base                               |
kernel/limit     | base kernel/parse                  |
server           | base                               | beast
front/collect    | base kernel !kernel/limit          |
front            | base kernel !kernel/limit server   | zlib
"""
)
KNOWN = {
    "base/error.h",
    "base/temp_tree.h",
    "kernel/parse/cpu.h",
    "kernel/limit/plan.h",
    "server/server.h",
    "front/collect/sampler.h",
    "front/page.h",
}


def problems(path, *lines):
    return includes.check_file(path, "\n".join(lines), ROOMS, KNOWN)


class IncludesTest(unittest.TestCase):
    def test_what_the_table_allows_passes(self):
        self.assertEqual(problems("base/error.cc", '#include "base/error.h"', "#include <fmt/core.h>"), [])
        self.assertEqual(
            problems("front/page.cc", '#include "server/server.h"', '#include "front/collect/sampler.h"'), []
        )
        self.assertEqual(problems("kernel/parse/cpu.cc", "#include <vector>", "#include <sys/stat.h>"), [])
        self.assertEqual(problems("kernel/parse/cpu_test.cc", "#include <gtest/gtest.h>"), [])
        self.assertEqual(problems("kernel/parse/cpu_test.cc", '#include "base/temp_tree.h"'), [])

    def test_upwards_and_sideways(self):
        for path, header in (
            ("base/error.cc", "server/server.h"),
            ("kernel/parse/cpu.cc", "kernel/limit/plan.h"),
            ("server/server.cc", "kernel/parse/cpu.h"),
            ("front/collect/sampler.cc", "server/server.h"),
            ("front/collect/sampler.cc", "front/page.h"),
        ):
            with self.subTest(path=path, header=header):
                (problem,) = problems(path, "// why", f'#include "{header}"')
                self.assertTrue(problem.startswith(f"{path}:2: "), problem)
                self.assertIn(f'may not include "{header}"', problem)

    def test_an_exception_with_an_exclamation_mark(self):
        self.assertEqual(problems("front/page.cc", '#include "kernel/parse/cpu.h"'), [])
        (problem,) = problems("front/page.cc", '#include "kernel/limit/plan.h"')
        self.assertIn("front may not include", problem)

    def test_libraries(self):
        self.assertIn("may not use beast", problems("base/error.cc", "#include <boost/beast.hpp>")[0])
        self.assertIn("may not use gtest", problems("base/error.cc", "#include <gtest/gtest.h>")[0])
        self.assertIn("unknown", problems("base/error.cc", "#include <unheard/of.h>")[0])
        self.assertIn("unknown", problems("base/error.cc", "#include <unheard.h>")[0])

    def test_files_that_are_not_there_or_belong_nowhere(self):
        self.assertIn("no file of ours", problems("base/error.cc", '#include "error.h"')[0])
        self.assertIn("stands in no room", problems("attic/box.cc", "")[0])
        self.assertIn("for tests only", problems("base/error.cc", '#include "base/temp_tree.h"')[0])

    def test_rooms_in_a_ring_are_found(self):
        self.assertIsNone(includes.find_cycle(ROOMS))
        ring = includes.parse_rooms("a | b |\nb | c |\nc | a |\n")
        self.assertEqual(includes.find_cycle(ring), ["a", "b", "c", "a"])

    def test_our_table_has_a_row_for_every_room(self):
        rooms = includes.parse_rooms(tree.read("tests/static/rooms.txt"))
        for name in tree.ROOMS:
            self.assertTrue(any(includes.within(row, name) for row in rooms), name)


if __name__ == "__main__":
    unittest.main()
