#include "runtime/net/forwarding.h"

#include "base/fd.h"
#include "base/read_file.h"
#include "base/text.h"
#include "runtime/net/netns.h"
#include "runtime/state/entries.h"

namespace plimsoll::net {

namespace {

Result<std::string> read_sysctl(const std::string& proc, const std::string& name) {
  const std::string path = proc + "/sys/net/";
  const DirFd directory = PLIMSOLL_TRY(open_dir(path.c_str()));
  const std::string text = PLIMSOLL_TRY(read_file_at(directory, name.c_str(), 64));
  return std::string(trim(text));
}

// A value that is there already is not written again: some hosts mount it read-only.
Result<> ensure_sysctl(const std::string& proc, const std::string& name, std::string_view value) {
  const std::string now = PLIMSOLL_TRY(read_sysctl(proc, name));
  if (now == value) return {};
  return write_sysctl(proc, name, value);
}

// A router takes no routes from router advertisements (accept_ra 1) unless told so (2): a host that
// got its default route that way would lose it.
Result<> keep_advertised_routes(const std::string& proc) {
  const std::string path = proc + "/sys/net/ipv6/conf";
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return os_failure("open", path);
  const DirFd directory(fd);
  for (const std::string& link : PLIMSOLL_TRY(state::entries_of(directory))) {
    if (link == "all" || link == "default") continue;
    const std::string name = "ipv6/conf/" + link + "/accept_ra";
    const auto now = read_sysctl(proc, name);
    // Gone: so has the link.
    if (now && *now == "1") PLIMSOLL_TRY(write_sysctl(proc, name, "2"));
  }
  return {};
}

}  // namespace

Result<> let_route(const std::string& proc, const Network& network) {
  if (!network.internal) {
    PLIMSOLL_TRY(ensure_sysctl(proc, "ipv4/ip_forward", "1"));
    PLIMSOLL_TRY(ensure_sysctl(proc, "ipv4/conf/" + network.bridge + "/route_localnet", "1"));
  }
  const std::string off = "ipv6/conf/" + network.bridge + "/disable_ipv6";
  if (!network.ipv6) {
    const Result<> done = ensure_sysctl(proc, off, "1");
    // A kernel without IPv6.
    if (!done && done.error().kind != ErrorKind::kNotOffered) return done;
    return {};
  }
  PLIMSOLL_TRY(ensure_sysctl(proc, off, "0"));
  PLIMSOLL_TRY(ensure_sysctl(proc, "ipv6/conf/" + network.bridge + "/accept_ra", "0"));
  if (network.internal) return {};
  const std::string forwarding = PLIMSOLL_TRY(read_sysctl(proc, "ipv6/conf/all/forwarding"));
  if (forwarding == "1") return {};
  PLIMSOLL_TRY(keep_advertised_routes(proc));
  return write_sysctl(proc, "ipv6/conf/all/forwarding", "1");
}

}  // namespace plimsoll::net
