// Who a container's process is: "name", "uid", "name:group", "uid:gid", looked up in the
// container's own files, as Docker does it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "runtime/model/refusal.h"

namespace plimsoll::engine {

struct Identity {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups;  // Further ones, without doubles.
  bool operator==(const Identity&) const = default;
};

// `passwd` and `group` are the texts of the files; empty where there are none. Pure.
[[nodiscard]] model::Answer<Identity> find_user(std::string_view user,
                                                const std::vector<std::string>& further_groups,
                                                std::string_view passwd, std::string_view group);
// With the files below `root`, links resolved inside.
[[nodiscard]] model::Answer<Identity> find_user_in(const DirFd& root, std::string_view user,
                                                   const std::vector<std::string>& further_groups);

}  // namespace plimsoll::engine
