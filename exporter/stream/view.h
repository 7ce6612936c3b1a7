// One way to look at the snapshots: a selection in a format. Each frame is formatted once, whoever
// gets it.
//
// Loop thread only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "exporter/collect/snapshot.h"
#include "exporter/stream/gzip_stream.h"
#include "exporter/stream/stream_query.h"

namespace plimsoll::exporter {

class StreamView {
 public:
  using Frame = StreamPart;

  explicit StreamView(const StreamQuery& query);

  // Queries with equal keys have the same frames.
  [[nodiscard]] static std::string key(const StreamQuery& query);

  // Finds the selected rows anew if they may have changed. Before anything else is asked about the
  // snapshot.
  void follow(const Snapshot& snapshot);
  [[nodiscard]] std::span<const std::size_t> rows() const { return rows_; }
  // Are there values among those selected that the sampler reads every few seconds only, unless it
  // is told that somebody follows them?
  [[nodiscard]] bool shows_more_than_ticks_read() const;
  // For a client whose last frame was of sequence `since`; 0: it had none.
  [[nodiscard]] Frame frame(const Snapshot& snapshot, std::uint64_t since);

  // Is everything selected here sampled between the ticks?
  bool watched = false;
  [[nodiscard]] std::uint64_t formatted() const { return formatted_; }

 private:
  using Who = std::vector<std::pair<std::uint64_t, inventory::IdentityPtr>>;

  [[nodiscard]] Frame format(const Snapshot& snapshot, std::uint64_t since) const;

  const Selection selection_;
  const StreamFormat format_;
  const std::vector<cgroupfs::Field> columns_;
  const std::unique_ptr<PartDeflater> deflater_;  // Null: its frames are not compressed.

  std::vector<std::size_t> rows_;
  Who who_;                      // The containers of rows_.
  std::uint64_t who_since_ = 0;  // Since when they are these.
  std::uint64_t layout_ = 0;     // Snapshot::rows_since of rows_.
  // Of the last snapshot, by what they are relative to.
  std::uint64_t sequence_ = 0;
  std::map<std::uint64_t, Frame> frames_;
  std::uint64_t formatted_ = 0;
};

}  // namespace plimsoll::exporter
