"""Files, images, volumes and networks of containers: the docker command lines of this host against `plimsoll engine`."""

import case
import container_store_cases
from container_host import add_cases

add_cases(globals(), container_store_cases.Store, container_store_cases.Network)

if __name__ == "__main__":
    case.main()
