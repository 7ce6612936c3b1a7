// Tables of containers and images out of what the engine answers. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace plimsoll::agent {

enum class Show : std::uint8_t { kTable, kIds };
struct ListingStyle {
  Show show = Show::kTable;
  bool whole = false;            // Ids and commands are not cut.
  std::int64_t now_seconds = 0;  // Since 1970: ages are told against it.
};

// Of the bodies of containers/json and images/json. kMalformed when they are something else.
[[nodiscard]] Result<std::string> list_containers(std::string_view json, const ListingStyle& style);
[[nodiscard]] Result<std::string> list_images(std::string_view json, const ListingStyle& style);

// "3 minutes ago", as docker says it.
[[nodiscard]] std::string age_text(std::int64_t seconds);

}  // namespace plimsoll::agent
