#include "exporter/collect/tombstones.h"

#include <utility>

namespace plimsoll::exporter {

Tombstones::Tombstones(std::chrono::nanoseconds keep, inventory::Inventory& inventory,
                       LabelsOf labels_of)
    : keep_(keep), inventory_(inventory), labels_of_(std::move(labels_of)) {}

void Tombstones::follow_ooms(const DirFd& proc, const Clock& clock, std::string kernel_log) {
  ooms_.emplace(proc, clock,
                OomTracker::Options{.kernel_log = std::move(kernel_log), .keep = keep_},
                [this](const std::string& path) { return who_was(path); });
}

// A container that was never sampled, by what its runtime still has of it.
inventory::IdentityPtr Tombstones::who_was(const std::string& path) {
  if (!inventory::classify(path).is_container()) return nullptr;
  cgroupfs::Cgroup ghost;
  ghost.serial = ~std::uint64_t{0};
  ghost.path = path;
  inventory::IdentityPtr identity = inventory_.identify(ghost);
  inventory_.forget(ghost.serial);
  return identity;
}

void Tombstones::add(MonoTime now, const Entry& entry) {
  if (entry.identity && entry.identity->is_container() && entry.last_seen_seconds > 0)
    stones_.push_back({{entry.identity, entry.labels, entry.last_seen_seconds}, now, now});
  if (ooms_) ooms_->removed(entry.path, entry.sample);
}

void Tombstones::add_unseen(MonoTime now) {
  for (auto& [identity, killed] : ooms_->take_unseen()) {
    const auto seen = std::chrono::floor<std::chrono::seconds>(killed).time_since_epoch();
    Labels labels = labels_of_(*identity);
    stones_.push_back({{std::move(identity), std::move(labels), seen.count()}, now, now});
  }
}

// A runtime writes its record some moments after the kernel removed the group, if at all: asked
// again, ever more rarely.
void Tombstones::ask(Stone& stone, MonoTime now) const {
  if (stone.tombstone.ending || now < stone.ask_at) return;
  stone.tombstone.ending = inventory_.ending_of(*stone.tombstone.identity);
  stone.ask_at = now + stone.pause;
  stone.pause *= 2;
}

std::vector<std::size_t> Tombstones::update(Snapshot& snapshot,
                                            std::span<const std::uint32_t> parents,
                                            const OomTracker::SampleOf& sample_of) {
  const MonoTime now = snapshot.taken;
  std::vector<std::size_t> behind;
  if (ooms_) {
    behind = ooms_->update(snapshot, parents, sample_of);
    add_unseen(now);
  }
  std::erase_if(stones_, [&](const Stone& stone) { return now - stone.since >= keep_; });
  snapshot.tombstones.reserve(stones_.size());
  for (Stone& stone : stones_) {
    ask(stone, now);
    if (ooms_) stone.tombstone.oom_kills = ooms_->total_of(stone.tombstone.identity->cgroup);
    snapshot.tombstones.push_back(stone.tombstone);
  }
  return behind;
}

}  // namespace plimsoll::exporter
