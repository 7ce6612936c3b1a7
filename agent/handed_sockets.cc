#include "agent/handed_sockets.h"

#include <systemd/sd-daemon.h>

namespace plimsoll::agent {

Result<std::vector<std::string>> handed_sockets() {
  // Taken out of the environment, which the programs that we start inherit.
  const int count = ::sd_listen_fds(1);
  if (count < 0) return os_failure("sd_listen_fds", "LISTEN_FDS", -count);
  std::vector<std::string> sockets;
  sockets.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i)
    sockets.push_back("fd:" + std::to_string(SD_LISTEN_FDS_START + i));
  return sockets;
}

}  // namespace plimsoll::agent
