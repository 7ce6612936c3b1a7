// The platforms that clients ask for: "linux/amd64".
#pragma once

#include <string>
#include <string_view>

#include "runtime/model/refusal.h"

namespace plimsoll::docker {

struct Platform {
  std::string os = "linux";
  std::string architecture;  // Go's word: "amd64"
  std::string variant;       // "v7"
};

// "linux/arm64/v8", "arm64", "linux": what is not said is the host's. kInvalid: it is none. Pure.
[[nodiscard]] model::Answer<Platform> parse_platform(std::string_view text,
                                                     std::string_view host_architecture);
// "linux/arm/v7"
[[nodiscard]] std::string to_text(const Platform& platform);
// Of this program. Pure.
[[nodiscard]] std::string_view own_architecture();

}  // namespace plimsoll::docker
