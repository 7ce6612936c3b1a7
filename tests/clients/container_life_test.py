"""The life of containers: the docker command lines of this host against `plimsoll engine`."""

import case
import container_life_cases
from container_host import add_cases

add_cases(globals(), container_life_cases.Life)

if __name__ == "__main__":
    case.main()
