#include "agent/top/lines.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "agent/stats/fields.h"
#include "agent/top/judge.h"
#include "base/text.h"

namespace plimsoll::agent::top {

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

double both(const Entry& entry, PointValue a, PointValue b) {
  const double x = entry.smooth(a);
  const double y = entry.smooth(b);
  return std::isnan(x) ? y : std::isnan(y) ? x : x + y;
}
double worst_stall(const Entry& entry) {
  return std::fmax(entry.smooth(&Point::psi_cpu),
                   std::fmax(entry.smooth(&Point::psi_memory), entry.smooth(&Point::psi_io)));
}
template <class T>
double number(const std::optional<T>& value) {
  return value ? static_cast<double>(*value) : kNone;
}

using E = const Entry&;
constexpr auto kColumns = std::to_array<SortColumn>({
    {"state", "WHY", [](E e) { return static_cast<double>(e.level()); }, nullptr},
    {"name", "NAME", nullptr, [](E e) -> const std::string& { return e.row.name; }},
    {"cpu", "CPU%", [](E e) { return e.smooth(&Point::cpu); }, nullptr},
    {"mem", "MEM", [](E e) { return number(e.row.memory); }, nullptr},
    {"mem%", "MEM%", [](E e) { return number(memory_percent(e.row)); }, nullptr},
    {"net", "NET/s", [](E e) { return both(e, &Point::net_rx, &Point::net_tx); }, nullptr},
    {"io", "IO/s", [](E e) { return both(e, &Point::read, &Point::write); }, nullptr},
    {"psi", "PSI", worst_stall, nullptr},
    {"throttled", "THR%", [](E e) { return e.smooth(&Point::throttled); }, nullptr},
    {"pids", "PIDS", [](E e) { return number(e.row.pids); }, nullptr},
    {"oom", "OOM", [](E e) { return number(e.row.oom_kills); }, nullptr},
    {"created", "AGE",
     [](E e) {
       return e.row.created ? static_cast<double>(e.row.created->time_since_epoch().count())
                            : kNone;
     },
     nullptr},
});

// <0, 0, >0
int compare(const Entry& a, const Entry& b, const SortColumn& by, bool reversed) {
  int result = 0;
  if (by.number != nullptr) {
    const double x = by.number(a);
    const double y = by.number(b);
    if (std::isnan(x) || std::isnan(y))
      return static_cast<int>(std::isnan(x)) - static_cast<int>(std::isnan(y));
    result = x > y ? -1 : x < y ? 1 : 0;
  } else {
    result = by.text(a).compare(by.text(b));
  }
  return reversed ? -result : result;
}

bool before(const Entry& a, const Entry& b, const ListOptions& options) {
  const int result = compare(a, b, kColumns[options.sort], options.reversed);
  if (result != 0) return result < 0;
  return a.row.name != b.row.name ? a.row.name < b.row.name : a.row.cgroup < b.row.cgroup;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::vector<const Entry*> chosen(const Entries& entries, const ListOptions& options) {
  std::vector<const Entry*> out;
  for (const auto& [cgroup, entry] : entries)
    if (visible(entry.row, options.visibility) && options.search.match(entry))
      out.push_back(&entry);
  std::ranges::sort(out, [&](const Entry* a, const Entry* b) { return before(*a, *b, options); });
  return out;
}

std::string_view parent_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos || path.size() <= 1) return {};
  return slash == 0 ? std::string_view("/") : path.substr(0, slash);
}

struct Owner {
  std::string key;
  std::string label;
};
Owner owner_of(const StatsRow& row) {
  if (!row.compose_project.empty())
    return {"project " + row.compose_project, "project " + row.compose_project};
  if (!row.pod_name.empty()) {
    const std::string pod =
        row.pod_namespace.empty() ? row.pod_name : row.pod_namespace + "/" + row.pod_name;
    return {"pod " + pod, "pod " + pod};
  }
  const std::string parent(parent_of(row.cgroup));
  return {"below " + parent, parent.empty() ? "/" : parent};
}

std::vector<Line> by_owner(const std::vector<const Entry*>& rows, const ListOptions& options) {
  struct Group {
    Line head;
    std::vector<const Entry*> parts;
  };
  std::map<std::string, Group> groups;
  for (const Entry* row : rows) {
    const Owner owner = owner_of(row->row);
    Group& group = groups[owner.key];
    group.head.key = owner.key;
    group.head.label = owner.label;
    group.parts.push_back(row);
  }
  std::vector<Group*> sorted;
  for (auto& [key, group] : groups) {
    group.head.group = true;
    group.head.folded = options.folded.contains(key);
    group.head.sums = sum_of(group.parts, group.head.label);
    sorted.push_back(&group);
  }
  std::ranges::sort(sorted, [&](const Group* a, const Group* b) {
    return before(*a->head.sums, *b->head.sums, options);
  });
  std::vector<Line> out;
  for (Group* group : sorted) {
    const bool folded = group->head.folded;
    out.push_back(std::move(group->head));
    if (folded) continue;
    for (const Entry* part : group->parts)
      out.push_back({.key = part->row.cgroup, .label = part->row.name, .depth = 1, .entry = part});
  }
  return out;
}

// Of a bare cgroup the part below the line above it.
std::string label_below(const StatsRow& row, std::string_view parent) {
  const std::string_view name = row.name;
  const bool below = parent.size() > 1 && name.starts_with(parent) && name.size() > parent.size() &&
                     name[parent.size()] == '/';
  return std::string(below ? name.substr(parent.size() + 1) : name);
}

// A cgroup's lines and those of what is nested in it. `children` by the path above.
struct CgroupTree {
  const ListOptions& options;
  std::map<std::string, std::vector<const Entry*>, std::less<>> children;
  std::vector<Line> out;

  void add(const Entry& entry, std::string_view parent, std::size_t depth) {
    const auto below = children.find(entry.row.cgroup);
    Line line{.key = entry.row.cgroup,
              .label = label_below(entry.row, parent),
              .depth = depth,
              .entry = &entry};
    line.group = below != children.end();
    line.folded = line.group && options.folded.contains(line.key);
    const bool deeper = line.group && !line.folded;
    out.push_back(std::move(line));
    if (!deeper) return;
    for (const Entry* child : below->second) add(*child, entry.row.cgroup, depth + 1);
  }
};

std::vector<Line> by_cgroup(const std::vector<const Entry*>& rows, const ListOptions& options) {
  std::set<std::string_view> paths;
  for (const Entry* row : rows) paths.insert(row->row.cgroup);
  CgroupTree tree{.options = options, .children = {}, .out = {}};
  std::vector<const Entry*> roots;
  for (const Entry* row : rows) {
    std::string_view parent = parent_of(row->row.cgroup);
    while (!parent.empty() && !paths.contains(parent)) parent = parent_of(parent);
    if (parent.empty())
      roots.push_back(row);
    else
      tree.children[std::string(parent)].push_back(row);
  }
  for (const Entry* root : roots) tree.add(*root, "", 0);
  return std::move(tree.out);
}

}  // namespace

std::span<const SortColumn> sort_columns() {
  return kColumns;
}

Result<std::size_t> find_sort_column(std::string_view key) {
  for (std::size_t i = 0; i < kColumns.size(); ++i)
    if (kColumns[i].key == key) return i;
  return invalid_input("--sort", "unknown column '" + std::string(key) + "' (one of: " +
                                     words_of(sort_columns(), &SortColumn::key) + ")");
}

std::string_view name_of(Tree tree) {
  if (tree == Tree::kOwners) return "by owner";
  return tree == Tree::kCgroups ? "by cgroup" : "flat";
}

Result<Search> Search::parse(std::string_view text) {
  Search search;
  std::vector<std::string> filters;
  std::string_view word;
  while (next_word(text, word)) {
    if (word.find('=') == std::string_view::npos)
      search.words_.push_back(lower(word));
    else
      filters.emplace_back(word);
  }
  search.filters_ = PLIMSOLL_TRY(Filters::parse(filters));
  return search;
}

bool Search::match(const Entry& entry) const {
  if (!filters_.match(entry.row)) return false;
  if (words_.empty()) return true;
  std::string all;
  const StatsRow& row = entry.row;
  for (const std::string* text : {&row.name, &row.image, &row.runtime, &row.compose_project,
                                  &row.pod_namespace, &row.pod_name, &row.cgroup})
    all += lower(*text) + "\n";
  all += lower(marks_of(entry.reasons));
  return std::ranges::all_of(
      words_, [&](const std::string& one) { return all.find(one) != std::string::npos; });
}

std::vector<Line> lines_of(const Entries& entries, const ListOptions& options) {
  const std::vector<const Entry*> rows = chosen(entries, options);
  if (options.tree == Tree::kOwners) return by_owner(rows, options);
  if (options.tree == Tree::kCgroups) return by_cgroup(rows, options);
  std::vector<Line> out;
  out.reserve(rows.size());
  for (const Entry* row : rows)
    out.push_back({.key = row->row.cgroup, .label = row->row.name, .entry = row});
  return out;
}

Tally tally(const Entries& entries, Visibility visibility) {
  Tally result;
  std::vector<const Entry*> all;
  for (const auto& [cgroup, entry] : entries) {
    if (!visible(entry.row, visibility)) continue;
    all.push_back(&entry);
    result.alarms += entry.level() == Level::kAlarm ? 1 : 0;
    result.warnings += entry.level() == Level::kWarning ? 1 : 0;
    if (entry.level() >= Level::kWarning) result.worst.push_back(&entry);
  }
  result.visible = all.size();
  result.total = sum_of(all, "TOTAL");
  std::ranges::stable_sort(result.worst, [](const Entry* a, const Entry* b) {
    return a->level() != b->level() ? a->level() > b->level() : a->row.name < b->row.name;
  });
  return result;
}

}  // namespace plimsoll::agent::top
