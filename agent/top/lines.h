// Which lines the list has, in which order: filter, sort, tree. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/stats/filter.h"
#include "agent/top/history.h"

namespace plimsoll::agent::top {

// What lines can be sorted by; numbers from high to low, text from a to z, absent ones last, equal
// ones by name, so that nothing jumps without a reason.
struct SortColumn {
  std::string_view key;                            // As --sort takes it.
  std::string_view title;                          // Of the column that shows it.
  double (*number)(const Entry& entry);            // NaN: absent. Null: by text.
  const std::string& (*text)(const Entry& entry);  // Null: by number.
};
[[nodiscard]] std::span<const SortColumn> sort_columns();
// Its place in the table; kInvalidInput lists the keys.
[[nodiscard]] Result<std::size_t> find_sort_column(std::string_view key);

enum class Tree : std::uint8_t {
  kFlat,
  kOwners,  // Compose project, else pod, else the cgroup above: the slice.
  kCgroups  // As the cgroups are nested.
};
[[nodiscard]] std::string_view name_of(Tree tree);

// What is typed behind '/': words of which each has to occur in the name, image, runtime, project,
// pod, cgroup or marks, whatever the case; KEY=VALUE words are filters as `plimsoll stats --filter`
// has them.
class Search {
 public:
  // kInvalidInput: a KEY=VALUE that is none.
  [[nodiscard]] static Result<Search> parse(std::string_view text);
  [[nodiscard]] bool match(const Entry& entry) const;

 private:
  Filters filters_;
  std::vector<std::string> words_;
};

struct ListOptions {
  Search search;
  std::size_t sort = 0;  // Of sort_columns().
  bool reversed = false;
  Tree tree = Tree::kFlat;
  Visibility visibility = Visibility::kContainers;
  std::set<std::string> folded;  // Keys of groups.
};

struct Line {
  std::string key;  // A container's cgroup; of a group what it is called inside.
  std::string label;
  std::size_t depth = 0;
  const Entry* entry = nullptr;  // Into the entries; null: a group that is no cgroup of its own.
  std::optional<Entry> sums;     // Of a group without an entry.
  bool group = false;            // Something stands below it.
  bool folded = false;

  [[nodiscard]] const Entry& shown() const { return entry != nullptr ? *entry : *sums; }
};

// Valid as long as `entries` stays as it is.
[[nodiscard]] std::vector<Line> lines_of(const Entries& entries, const ListOptions& options);

// How many of what is visible, and how many of those are marked, before the search.
struct Tally {
  std::size_t visible = 0, alarms = 0, warnings = 0;
  Entry total;                      // Of what is visible, nested ones once.
  std::vector<const Entry*> worst;  // Marked ones, worst first.
};
[[nodiscard]] Tally tally(const Entries& entries, Visibility visibility);

}  // namespace plimsoll::agent::top
