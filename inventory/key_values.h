// "KEY=value" and "key = value" files: systemd-machined's records, LXC's configuration, Plimsoll's
// own records. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "inventory/identity.h"

namespace plimsoll::inventory {

// In the file's order; '#' begins a comment line; a line without '=' is skipped.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> parse_key_values(
    std::string_view text);

// /run/systemd/machines/<name>, of systemd-machined:
//   NAME=box
//   SCOPE=machine-box.scope
//   ROOT=/var/lib/machines/box  ("/" for a volatile copy of the host: no layer of its own)
//   LEADER=4711
//   CLASS=container
//   REALTIME=1700000000000000    (registered, µs)
//   NETIF=7                      (host's link of its veth; absent when it has none)
[[nodiscard]] Identity read_machine(std::string_view text, Identity identity);

// <lxc-root>/<name>/config: "lxc.rootfs.path = dir:/var/lib/lxc/c1/rootfs", "lxc.net.0.type =
// veth", "lxc.environment = KEY=value".
struct LxcConfig {
  Identity identity;
  std::vector<std::string> environment;
};
[[nodiscard]] LxcConfig read_lxc_config(std::string_view text, Identity identity);

}  // namespace plimsoll::inventory
