#include "exporter/collect/history.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <mutex>
#include <optional>
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
    const HistoryTick tick = end_tick();
    timeline_.push_back({to_us(snapshot.wall), snapshot.sequence, snapshot.rows.size()});
    points_ += snapshot.rows.size();
    const bool same_rows = snapshot.rows_since != 0 && snapshot.rows_since <= appended_;
    for (std::size_t row = 0; row < snapshot.rows.size(); ++row)
      if (!same_rows || snapshot.changed_after(appended_, row)) append_row(snapshot, row, tick);
    if (!same_rows) end_others(tick);
    appended_ = snapshot.sequence;
    age_out(to_us(snapshot.wall - options_.keep));
    while (bytes() > options_.max_bytes && timeline_.size() > 1) evict();
  }

  [[nodiscard]] std::vector<HistoryPoint> read(std::uint64_t serial, std::uint64_t after,
                                               WallTime since) const override {
    std::vector<HistoryPoint> points;
    const std::lock_guard lock(mutex_);
    const auto found = tracks_.find(serial);
    if (found == tracks_.end()) return points;
    const Track& track = found->second;
    const HistoryTick begin = first_after(after);
    for (std::size_t b = 0; b < track.blocks.size(); ++b) {
      const HistoryTick end = end_of(track, b);
      if (end <= begin) continue;
      const std::vector<StoredPoint> stored = track.blocks[b].decode();
      for (std::size_t i = 0; i < stored.size(); ++i) {
        const HistoryTick until = i + 1 < stored.size() ? stored[i + 1].tick : end;
        for (HistoryTick tick = std::max(stored[i].tick, begin); tick < until; ++tick) {
          const Moment& moment = timeline_[tick - first_tick_];
          if (moment.wall_us < to_us(since)) continue;
          points.push_back(from_stored(stored[i]));
          points.back().sequence = moment.sequence;
          points.back().wall = WallTime(std::chrono::microseconds(moment.wall_us));
        }
      }
    }
    return points;
  }

  [[nodiscard]] HistoryStats stats() const override {
    const std::lock_guard lock(mutex_);
    return {tracks_.size(), points_, bytes(), evicted_};
  }

 private:
  // One snapshot appended.
  struct Moment {
    std::int64_t wall_us = 0;
    std::uint64_t sequence = 0;
    std::size_t rows = 0;
  };
  struct Track {
    HistoryEncoder encoder;
    // Oldest first; a handful. Each tells about the ticks up to the next one's first.
    std::vector<HistoryBlock> blocks;
    HistoryTick seen = 0;            // When all rows were last looked at.
    std::optional<HistoryTick> end;  // The first tick without its container.
  };
  static constexpr std::size_t kTrackBytes = sizeof(Track) + 32;  // With the map's node.
  // Between two sweeps over all tracks: a sweep costs as much as looking at every container.
  static constexpr HistoryTick kSweepTicks = 16;

  static std::int64_t to_us(WallTime time) { return time.time_since_epoch().count() / 1000; }
  [[nodiscard]] HistoryTick end_tick() const { return first_tick_ + timeline_.size(); }
  [[nodiscard]] std::size_t bytes() const {
    return bytes_ + tracks_.size() * kTrackBytes + timeline_.size() * sizeof(Moment);
  }
  [[nodiscard]] HistoryTick first_after(std::uint64_t sequence) const {
    const auto at = std::ranges::upper_bound(timeline_, sequence, {}, &Moment::sequence);
    return first_tick_ + static_cast<HistoryTick>(at - timeline_.begin());
  }
  [[nodiscard]] HistoryTick end_of(const Track& track, std::size_t block) const {
    if (block + 1 < track.blocks.size()) return track.blocks[block + 1].first();
    return track.end.value_or(end_tick());
  }

  void append_row(const Snapshot& snapshot, std::size_t row, HistoryTick tick) {
    Track& track = tracks_[snapshot.rows[row].serial];
    track.seen = tick;
    if (track.end) {  // It was away; what was before is not joined to what comes.
      while (!track.blocks.empty()) drop_front(track);
      track.end.reset();
    }
    const StoredPoint point = to_stored(snapshot, row, tick);
    if (!track.blocks.empty() && !track.encoder.is_news(point)) return;
    if (track.blocks.empty() || track.blocks.back().full()) {
      if (!track.blocks.empty()) {
        bytes_ -= track.blocks.back().memory();
        track.blocks.back().close();
        bytes_ += track.blocks.back().memory();
      }
      bytes_ += track.blocks.emplace_back(tick).memory();
    }
    HistoryBlock& block = track.blocks.back();
    bytes_ -= block.memory();
    track.encoder.append(block, point);
    bytes_ += block.memory();
  }

  void end_others(HistoryTick tick) {
    for (auto& [serial, track] : tracks_)
      if (!track.end && track.seen != tick) track.end = tick;
  }

  void drop_front(Track& track) {
    bytes_ -= track.blocks.front().memory();
    track.blocks.erase(track.blocks.begin());
  }

  void drop_tick() {
    points_ -= timeline_.front().rows;
    timeline_.pop_front();
    ++first_tick_;
  }

  void age_out(std::int64_t oldest_us) {
    while (!timeline_.empty() && timeline_.front().wall_us < oldest_us) drop_tick();
    if (first_tick_ >= swept_ + kSweepTicks) sweep();
  }

  // A sixteenth of the time kept, of every container.
  void evict() {
    for (std::size_t n = timeline_.size() / 16 + 1; n > 0 && timeline_.size() > 1; --n) {
      evicted_ += timeline_.front().rows;
      drop_tick();
    }
    sweep();
  }

  // Blocks that tell of nothing within the timeline go, and containers that ended before it.
  void sweep() {
    swept_ = first_tick_;
    for (auto it = tracks_.begin(); it != tracks_.end();) {
      Track& track = it->second;
      while (!track.blocks.empty() && end_of(track, 0) <= first_tick_) drop_front(track);
      it = track.blocks.empty() ? tracks_.erase(it) : std::next(it);
    }
  }

  const HistoryOptions options_;
  mutable std::mutex mutex_;
  std::deque<Moment> timeline_;  // Oldest first ...
  HistoryTick first_tick_ = 0;   // ... and that one's number.
  HistoryTick swept_ = 0;
  std::uint64_t appended_ = 0;  // Sequence of the last snapshot.
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
