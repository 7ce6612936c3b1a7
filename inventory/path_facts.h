// What a cgroup's path says about it: the patterns of every runtime and cgroup driver. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "inventory/identity.h"

namespace plimsoll::inventory {

struct PathFacts {
  Identity identity;
  // Whose login session or user manager the group is in: rootless containers keep their state in
  // that user's home.
  std::optional<std::uint32_t> uid;
  // Below another container's cgroup. Whoever may write there can choose any name, so a record of
  // the host is only believed when it proves that it means this group.
  bool nested = false;
  // A plain name that a runtime may have chosen ("/default/redis"): only a record that was made for
  // this very path counts.
  bool adopted = false;
  // A bare 64-digit id, which several runtimes use: `identity.runtime` is only the likeliest.
  bool guess = false;
};
[[nodiscard]] PathFacts path_facts(std::string_view cgroup_path);

// 64 lower-case hexadecimal digits: the id of Docker, podman, CRI-O, nerdctl and Kubernetes.
[[nodiscard]] bool is_container_id(std::string_view text);

// One path component that names a file of ours to open: not empty, "." or "..", no '/', nothing
// unprintable.
[[nodiscard]] bool is_file_name(std::string_view text);

// systemd writes a byte that unit names may not hold as \xHH: "my\x2dbox" is "my-box". A sequence
// that is not one stays as it is.
[[nodiscard]] std::string systemd_unescape(std::string_view text);

// Fills `display` from the rest: what a table shows when there is room for one word.
void set_display(Identity& identity);

}  // namespace plimsoll::inventory
