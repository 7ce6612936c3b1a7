"""Containers of the engine in scopes of systemd's, on cgroup v2: the cases that touch groups."""

import case
import container_life_cases
from container_host import add_cases

SLICE = "plimsoll-test-containers.slice"


class Life(container_life_cases.Life):
    chosen = (
        "test_killed_for_memory", "test_limits_are_written_and_changed", "test_pause", "test_restart_and_start_again",
        "test_remove",
    )  # fmt: skip


add_cases(globals(), Life, flags=("--containers.cgroup-driver", "systemd", "--containers.cgroup-parent", SLICE))

if __name__ == "__main__":
    case.main()
