#include "http/peer_process.h"

#include <sys/socket.h>

#include <cerrno>

namespace plimsoll::http {
namespace {

// SO_PEERGROUPS (Linux 4.13) says ERANGE and how much it needs when the buffer is short.
std::vector<std::uint32_t> groups_of(int socket) {
  std::vector<std::uint32_t> groups(32);
  for (;;) {
    auto size = static_cast<socklen_t>(groups.size() * sizeof(std::uint32_t));
    const bool failed = ::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) != 0;
    const std::size_t count = size / sizeof(std::uint32_t);
    if (failed && (errno != ERANGE || count <= groups.size())) return {};
    groups.resize(count);
    if (!failed) return groups;
  }
}

}  // namespace

std::shared_ptr<const PeerProcess> peer_process(int socket) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return nullptr;
  auto process = std::make_shared<PeerProcess>();
  process->pid = static_cast<std::uint32_t>(credentials.pid);
  process->uid = credentials.uid;
  process->gid = credentials.gid;
  process->groups = groups_of(socket);
  return process;
}

}  // namespace plimsoll::http
