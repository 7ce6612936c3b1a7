// Which rows to show: `--filter key=value` and the default "containers only". Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/stats/row.h"
#include "base/error.h"

namespace plimsoll::agent {

// Different keys must all match; of the same key one match is enough (docker ps), except `label`,
// where all must. Values may hold * and ? as in a shell; '/' is a character like any other, so that
// cgroup=/docker/* means everything below.
class Filters {
 public:
  // kInvalidInput names the word and lists the keys.
  [[nodiscard]] static Result<Filters> parse(std::span<const std::string> words);

  [[nodiscard]] bool empty() const { return filters_.empty(); }
  [[nodiscard]] bool match(const StatsRow& row) const;
  // A filter that asks for units, slices or paths by itself lifts "containers only":
  // runtime=systemd, cgroup=/system.slice/*.
  [[nodiscard]] bool asks_beyond_containers() const;

 private:
  struct Filter {
    std::string key;
    std::string value;
  };
  [[nodiscard]] static bool matches(const Filter& filter, const StatsRow& row);
  std::vector<Filter> filters_;  // Sorted by key.
};

enum class Visibility {
  kContainers,     // Containers and machines, without pods' pause containers.
  kAllContainers,  // With them (-a).
  kAllCgroups      // Everything that has a cgroup.
};
[[nodiscard]] bool visible(const StatsRow& row, Visibility visibility);

}  // namespace plimsoll::agent
