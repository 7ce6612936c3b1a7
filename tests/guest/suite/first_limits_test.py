"""Limits before the first instruction on cgroup v2, in scopes of systemd's."""

import unittest

import case
import first_limits_cases


def setUpModule():
    flags = ("--containers.cgroup-driver", "systemd", "--containers.cgroup-parent", "plimsoll-test-first.slice")
    first_limits_cases.set_up(FirstTest, *flags)


class FirstTest(first_limits_cases.First, unittest.TestCase):
    chosen = ("test_it_reads_them", "test_what_was_found_comes_back", "test_also_when_it_is_started_again")
    runs = 4


if __name__ == "__main__":
    case.main()
