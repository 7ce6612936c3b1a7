"""Every case of the docker command line against `plimsoll engine` on cgroup v2, with groups that the engine makes itself."""

import case
from container_host import add_cases
from container_suites import SUITES

add_cases(globals(), *SUITES, flags=("--containers.cgroup-driver", "cgroupfs"))

if __name__ == "__main__":
    case.main()
