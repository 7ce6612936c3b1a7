#include "exporter/collect/sched_ledger.h"

#include <string_view>

namespace plimsoll::exporter {

namespace {

void add(SchedStat& sum, const SchedStat& more) {
  sum.run_ns += more.run_ns;
  sum.wait_ns += more.wait_ns;
  sum.periods += more.periods;
}

// What a thread used since it was last read. Lower numbers are a new thread with an old one's id.
SchedStat growth(const SchedStat& last, const SchedStat& now) {
  const bool same =
      now.run_ns >= last.run_ns && now.wait_ns >= last.wait_ns && now.periods >= last.periods;
  if (!same) return now;
  return {now.run_ns - last.run_ns, now.wait_ns - last.wait_ns, now.periods - last.periods};
}

bool is_below(std::string_view path, std::string_view ancestor) {
  if (ancestor == "/") return path != "/";
  return path.size() > ancestor.size() && path.starts_with(ancestor) &&
         path[ancestor.size()] == '/';
}

}  // namespace

void SchedLedger::account(const std::string& path, const std::vector<std::int32_t>& threads,
                          const Read& read) {
  Group& group = groups_[path];
  std::unordered_set<std::int32_t> present;
  for (const std::int32_t id : threads) {
    const std::optional<SchedStat> now = read(id);
    if (!now) continue;
    present.insert(id);
    Thread& thread = threads_[id];
    add(group.own, growth(thread.last, *now));
    thread = {*now, &group};
  }
  for (const std::int32_t id : group.members) {
    if (present.contains(id)) continue;
    const auto left = threads_.find(id);
    if (left == threads_.end() || left->second.group != &group) continue;
    // Ended, or moved to a group that is read later.
    if (read(id))
      left->second.group = nullptr;
    else
      threads_.erase(left);
  }
  group.members.assign(present.begin(), present.end());
}

SchedLedger::Group* SchedLedger::ancestor_of(const std::string& path) {
  std::string_view parent = path;
  while (parent != "/") {
    const std::size_t slash = parent.rfind('/');
    if (slash == std::string_view::npos) return nullptr;
    parent = slash == 0 ? "/" : parent.substr(0, slash);
    if (const auto found = groups_.find(parent); found != groups_.end()) return &found->second;
  }
  return nullptr;
}

void SchedLedger::forget(const std::string& path) {
  const auto found = groups_.find(path);
  if (found == groups_.end()) return;
  const Group& group = found->second;
  for (const std::int32_t id : group.members)
    if (const auto thread = threads_.find(id);
        thread != threads_.end() && thread->second.group == &group)
      thread->second.group = nullptr;
  if (Group* heir = ancestor_of(path)) {
    add(heir->gone, group.own);
    add(heir->gone, group.gone);
  }
  groups_.erase(found);
}

void SchedLedger::sweep(const Read& read) {
  std::erase_if(threads_, [&](const auto& thread) {
    return thread.second.group == nullptr && !read(thread.first);
  });
}

std::optional<SchedStat> SchedLedger::total(const std::string& path) const {
  const auto own = groups_.find(path);
  if (own == groups_.end()) return std::nullopt;
  SchedStat sum = own->second.own;
  add(sum, own->second.gone);
  // Descendants stand behind "PATH/" in the order of paths; those of the root everywhere.
  for (auto it = path == "/" ? groups_.begin() : groups_.lower_bound(path + '/');
       it != groups_.end(); ++it) {
    if (it == own) continue;
    if (!is_below(it->first, path)) {
      if (path == "/") continue;
      break;
    }
    add(sum, it->second.own);
    add(sum, it->second.gone);
  }
  return sum;
}

}  // namespace plimsoll::exporter
