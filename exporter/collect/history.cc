#include "exporter/collect/history.h"

#include <algorithm>
#include <iterator>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "exporter/collect/history_codec.h"

namespace plimsoll::exporter {

namespace {

class HistoryImpl final : public History {
 public:
  explicit HistoryImpl(HistoryOptions options) : options_(options) {}

  void append(const Snapshot& snapshot) override {
    if (options_.keep.count() <= 0) return;
    const std::lock_guard lock(mutex_);
    for (std::size_t row = 0; row < snapshot.rows.size(); ++row) {
      Track& track = tracks_[snapshot.rows[row].serial];
      if (track.blocks.empty() || track.blocks.back().full()) {
        if (!track.blocks.empty()) {
          bytes_ -= track.blocks.back().memory();
          track.blocks.back().close();
          bytes_ += track.blocks.back().memory();
        }
        bytes_ += track.blocks.emplace_back().memory();
      }
      HistoryBlock& block = track.blocks.back();
      bytes_ -= block.memory();
      track.encoder.append(block, to_stored(snapshot, row));
      bytes_ += block.memory();
      ++points_;
    }
    age_out(snapshot.wall);
    while (bytes() > options_.max_bytes && evict_oldest()) {
    }
  }

  [[nodiscard]] std::vector<HistoryPoint> read(std::uint64_t serial, std::uint64_t after,
                                               WallTime since) const override {
    std::vector<HistoryPoint> points;
    const std::int64_t since_us = since.time_since_epoch().count() / 1000;
    const std::lock_guard lock(mutex_);
    const auto track = tracks_.find(serial);
    if (track == tracks_.end()) return points;
    for (const HistoryBlock& block : track->second.blocks) {
      if (block.last_sequence() <= after || block.last_wall_us() < since_us) continue;
      for (const StoredPoint& point : block.decode())
        if (point.sequence > after && point.wall_us >= since_us)
          points.push_back(from_stored(point));
    }
    return points;
  }

  [[nodiscard]] HistoryStats stats() const override {
    const std::lock_guard lock(mutex_);
    return {tracks_.size(), points_, bytes(), evicted_};
  }

 private:
  struct Track {
    HistoryEncoder encoder;
    std::vector<HistoryBlock> blocks;  // Oldest first; a handful.
  };
  static constexpr std::size_t kTrackBytes = sizeof(Track) + 32;  // With the map's node.

  [[nodiscard]] std::size_t bytes() const { return bytes_ + tracks_.size() * kTrackBytes; }

  std::size_t drop_front(Track& track) {
    const std::size_t count = track.blocks.front().count();
    bytes_ -= track.blocks.front().memory();
    points_ -= count;
    track.blocks.erase(track.blocks.begin());
    return count;
  }

  // Whole blocks go when their last point is too old; a container without blocks is forgotten.
  void age_out(WallTime now) {
    const std::int64_t oldest_us = (now - options_.keep).time_since_epoch().count() / 1000;
    for (auto it = tracks_.begin(); it != tracks_.end();) {
      Track& track = it->second;
      while (!track.blocks.empty() && track.blocks.front().last_wall_us() < oldest_us)
        drop_front(track);
      it = track.blocks.empty() ? tracks_.erase(it) : std::next(it);
    }
  }

  // The oldest block of all; false when only one block is left.
  bool evict_oldest() {
    const auto oldest = std::ranges::min_element(
        tracks_, {}, [](const auto& entry) { return entry.second.blocks.front().last_wall_us(); });
    if (oldest == tracks_.end()) return false;
    evicted_ += drop_front(oldest->second);
    if (oldest->second.blocks.empty()) tracks_.erase(oldest);
    return !tracks_.empty();
  }

  const HistoryOptions options_;
  mutable std::mutex mutex_;
  std::unordered_map<std::uint64_t, Track> tracks_;
  std::size_t bytes_ = 0;  // Of the blocks.
  std::size_t points_ = 0;
  std::uint64_t evicted_ = 0;
};

}  // namespace

std::span<const cgroupfs::Field> history_fields() {
  return kHistoryFields;
}

std::unique_ptr<History> History::create(HistoryOptions options) {
  return std::make_unique<HistoryImpl>(options);
}

}  // namespace plimsoll::exporter
