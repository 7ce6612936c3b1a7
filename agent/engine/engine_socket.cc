#include "agent/engine/engine_socket.h"

#include <string_view>
#include <utility>

#include "agent/engine/socket_owner.h"
#include "agent/handed_sockets.h"

namespace plimsoll::agent {
namespace {

constexpr std::string_view kUnix = "unix:/";

}  // namespace

Result<std::vector<std::string>> listen_for(http::Server& server, const std::string& path,
                                            const control::RoleGroups& groups) {
  const std::vector<std::string> handed = PLIMSOLL_TRY(handed_sockets());
  if (handed.empty()) {
    PLIMSOLL_TRY(server.listen("unix:" + path));
    PLIMSOLL_TRY(own_socket(path, groups));
    return std::vector<std::string>{path};
  }
  std::vector<std::string> files;
  files.reserve(handed.size());
  for (const std::string& socket : handed) {
    const std::string name = PLIMSOLL_TRY(server.listen(socket));
    // Who may change limits is decided by whom the kernel names at the other end: there is no such
    // name on TCP, and no owner of an abstract socket.
    if (!name.starts_with(kUnix))
      return invalid_input("listen", name +
                                         ": the engine serves unix sockets in the file system; "
                                         "give its .socket unit ListenStream=/a/path");
    std::string file = name.substr(kUnix.size() - 1);
    PLIMSOLL_TRY(own_socket(file, groups));
    files.push_back(std::move(file));
  }
  return files;
}

}  // namespace plimsoll::agent
