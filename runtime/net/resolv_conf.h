// /etc/resolv.conf of the host, and what a container gets of it.
//
// Thread: values; parse_resolv_conf() is a pure function.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/net/address.h"
#include "runtime/net/networks.h"

namespace plimsoll::net {

// resolv.conf(5): nameserver, search, domain, options; other lines are skipped. Servers with a zone
// ("fe80::1%eth0") mean nothing in another namespace, and are left out.
[[nodiscard]] Resolving parse_resolv_conf(std::string_view text);
// The host's, or systemd-resolved's own where the host's names nothing but its stub. A file that is
// not there is an empty one.
[[nodiscard]] Resolving host_resolving(const std::string& etc_path,
                                       const std::string& resolved_path);

// For a network without names of its own: servers that a container can reach.
[[nodiscard]] Resolving without_loopback(Resolving host);
// For one with names: ours first, and names without a dot are asked for as they are.
[[nodiscard]] Resolving with_names(Resolving host);

}  // namespace plimsoll::net
