"""Further options of containers: the docker command lines of this host against `plimsoll engine`."""

import case
import container_options_cases
from container_host import add_cases

add_cases(globals(), container_options_cases.Options, container_options_cases.Upkeep)

if __name__ == "__main__":
    case.main()
