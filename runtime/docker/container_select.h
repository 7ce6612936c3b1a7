// Which containers a client asks for: the query of GET containers/json. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/docker/filters.h"
#include "runtime/engine/container.h"

namespace plimsoll::docker {

struct Selection {
  bool all = false;
  std::int64_t limit = -1;  // Above zero: so many, running or not.
  Filters filters;
  // What the filter "ancestor" means by its values.
  std::set<std::string> ancestor_images;
  // The container that a value of "before" or "since" names; null: none.
  std::function<engine::ContainerPtr(std::string_view)> find;
};

// kInvalid: an unknown key, or a value that is none of the key's.
[[nodiscard]] model::Answer<Filters> container_filters(std::string_view text);

// `newest_first` stays in its order. kNotFound: "No such container: x".
[[nodiscard]] model::Answer<std::vector<engine::ContainerPtr>> select(
    const std::vector<engine::ContainerPtr>& newest_first, const Selection& selection);

}  // namespace plimsoll::docker
