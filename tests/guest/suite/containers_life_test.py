"""The life of containers by the docker command line on cgroup v2, with groups that the engine makes itself."""

import case
import container_life_cases
from container_host import add_cases


class Life(container_life_cases.Life):
    # What is the same whatever the host, the ring clients shows.
    chosen = (
        "test_output_and_exit_code", "test_exit_codes_that_mean_something", "test_what_a_process_finds", "test_rights",
        "test_mounts_and_limits_of_a_process", "test_limits_are_written_and_changed", "test_killed_for_memory",
        "test_stop_kill_and_wait",
    )  # fmt: skip


add_cases(globals(), Life, flags=("--containers.cgroup-driver", "cgroupfs"))

if __name__ == "__main__":
    case.main()
