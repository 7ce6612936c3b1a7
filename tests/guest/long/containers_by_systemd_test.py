"""Every case of the docker command line against `plimsoll engine` on cgroup v2, with scopes of systemd's."""

import case
from container_host import add_cases
from container_suites import SUITES

add_cases(globals(), *SUITES, flags=("--containers.cgroup-driver", "systemd", "--containers.cgroup-parent", "plimsoll-test-containers.slice"))

if __name__ == "__main__":
    case.main()
