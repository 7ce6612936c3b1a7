// What a client is told about the machine.
#pragma once

#include <cstdint>
#include <string>

#include "base/fd.h"

namespace plimsoll::docker {

struct HostFacts {
  std::string name;          // "vm"
  std::string kernel;        // "6.1.0-28-amd64"
  std::string machine;       // "x86_64"
  std::string architecture;  // Go's word: "amd64"
  std::string os_name;       // "Debian GNU/Linux 12 (bookworm)"
  std::string os_version;    // "12"
  int processors = 1;
  std::uint64_t memory = 0;
};
// `etc`: where os-release is.
[[nodiscard]] HostFacts read_host_facts(const DirFd& etc);

// PRETTY_NAME="Debian GNU/Linux 12 (bookworm)" of os-release(5); empty: no such line. Pure.
[[nodiscard]] std::string os_release_value(std::string_view text, std::string_view key);

}  // namespace plimsoll::docker
