#include "exporter/collect/snapshot_pool.h"

#include <mutex>
#include <utility>

namespace plimsoll::exporter {

// One is enough: the newest snapshot is being read, the one before it comes back.
struct SnapshotPool::Spare {
  std::mutex mutex;
  std::unique_ptr<Snapshot> snapshot;
};

SnapshotPool::SnapshotPool() : spare_(std::make_shared<Spare>()) {}

std::unique_ptr<Snapshot> SnapshotPool::take() {
  std::unique_ptr<Snapshot> snapshot;
  {
    const std::lock_guard lock(spare_->mutex);
    snapshot = std::move(spare_->snapshot);
  }
  return snapshot ? std::move(snapshot) : std::make_unique<Snapshot>();
}

SnapshotPtr SnapshotPool::publish(std::unique_ptr<Snapshot> snapshot) const {
  const auto come_back = [spare = spare_](Snapshot* read) {
    std::unique_ptr<Snapshot> old(read);
    const std::lock_guard lock(spare->mutex);
    std::swap(spare->snapshot, old);  // What was spare goes after the lock.
  };
  return {snapshot.release(), come_back};
}

}  // namespace plimsoll::exporter
