// The REF arguments: what a person calls a container, a unit or a cgroup. Pure.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "agent/stats/row.h"

namespace plimsoll::agent {

// Rules, first that matches (docker's, widened): the full id; the exact name, with or without a
// leading '/'; "pod/container" and "namespace/pod/container"; a unique prefix of the id; a unit's
// name; a cgroup path. Containers come before units and cgroups of the same name. "docker:web" asks
// one runtime only.
class References {
 public:
  // Resolves against a first frame. `problems` has one line per reference that is unknown or not
  // unique, in order; empty: all resolved.
  References(std::span<const std::string> words, std::span<const StatsRow> rows);
  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }

  // The rows asked for, in the order asked, StatsRow::container set to the word. One that is not
  // among `rows` (any more) keeps its identity and has no numbers, as docker's dashes.
  [[nodiscard]] std::vector<StatsRow> pick(std::span<const StatsRow> rows) const;

 private:
  std::vector<StatsRow> identities_;  // Without numbers.
  std::vector<std::string> problems_;
};

}  // namespace plimsoll::agent
