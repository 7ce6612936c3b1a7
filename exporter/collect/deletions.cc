#include "exporter/collect/deletions.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace plimsoll::exporter {

namespace {

// The newest under that path; null when nobody keeps one.
const Tombstone* tombstone_of(const Snapshot& snapshot, std::string_view cgroup) {
  const auto& all = snapshot.tombstones;
  const auto found = std::find_if(all.rbegin(), all.rend(), [&](const Tombstone& stone) {
    return stone.identity && stone.identity->cgroup == cgroup;
  });
  return found == all.rend() ? nullptr : &*found;
}

bool lives(const Snapshot& snapshot, std::string_view cgroup) {
  return std::ranges::any_of(snapshot.rows, [&](const Row& row) {
    return row.identity && row.identity->cgroup == cgroup;
  });
}

// Whose end inventory can look up. Others' are told without.
bool has_record(inventory::Runtime runtime) {
  using enum inventory::Runtime;
  return runtime == kDocker || runtime == kPodman || runtime == kCrio;
}

}  // namespace

bool Deletions::still_waits(Waiting& waiting, const Snapshot& snapshot) const {
  const inventory::IdentityPtr& identity = waiting.deletion.identity;
  const Tombstone* stone = tombstone_of(snapshot, waiting.deletion.cgroup);
  if (stone == nullptr || !identity || !has_record(identity->runtime)) return false;
  if (stone->ending) {
    waiting.deletion.exit_code = static_cast<std::int32_t>(stone->ending->exit_code);
    return false;
  }
  return snapshot.taken - waiting.since < patience_ && !lives(snapshot, waiting.deletion.cgroup);
}

void Deletions::settle(const Snapshot& snapshot, std::vector<Event>& found) {
  const auto told = std::stable_partition(waiting_.begin(), waiting_.end(),
                                          [&](Waiting& one) { return still_waits(one, snapshot); });
  std::ranges::transform(told, waiting_.end(), std::back_inserter(found),
                         [](Waiting& one) { return std::move(one.deletion); });
  waiting_.erase(told, waiting_.end());
}

inventory::IdentityPtr Deletions::find(std::string_view cgroup) const {
  for (const Waiting& waiting : waiting_)
    if (waiting.deletion.cgroup == cgroup) return waiting.deletion.identity;
  return nullptr;
}

}  // namespace plimsoll::exporter
