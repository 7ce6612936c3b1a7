"""Limits before the first instruction, with groups that the engine makes itself."""

import unittest

import case
import first_limits_cases


def setUpModule():
    first_limits_cases.set_up(FirstTest)


class FirstTest(first_limits_cases.First, unittest.TestCase):
    pass


if __name__ == "__main__":
    case.main()
