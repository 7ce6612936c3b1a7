"""Talking to containers: the docker command lines of this host against `plimsoll engine`."""

import case
import container_talk_cases
from container_host import add_cases

add_cases(globals(), container_talk_cases.Talk)

if __name__ == "__main__":
    case.main()
