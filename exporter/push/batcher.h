// Turns expositions into remote_write requests, and knows which series ended since the last one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "exporter/push/exposition.h"
#include "exporter/push/write_request.h"

namespace plimsoll::exporter {

// One request body, ready to be sent.
struct Batch {
  std::string body;
  std::uint64_t samples = 0;
  bool operator==(const Batch&) const = default;
};

struct BatcherOptions {
  // Put on every series that has no label of that name: "instance", "job".
  std::vector<PushLabel> external_labels;
  std::size_t samples_per_request = 2000;
};

class Batcher {
 public:
  explicit Batcher(BatcherOptions options);

  // All samples of `text`, stamped `at` where they carry no timestamp, then a stale marker for
  // every series that the previous text had and this one has not, and the series `up` = 1, as a
  // scrape would have made it. Lines that do not parse are counted and left out.
  [[nodiscard]] std::vector<Batch> batches(std::string text, WallTime at);
  [[nodiscard]] std::uint64_t malformed_lines() const { return malformed_lines_; }

 private:
  // A series of previous_: the hash of its key, and where its line stands.
  struct Known {
    std::uint64_t hash;
    std::size_t offset;
    auto operator<=>(const Known&) const = default;
  };
  using Batches = std::vector<Batch>;

  void add(Batches& done, const SeriesLine& series, double value, std::int64_t milliseconds);
  void add_up(Batches& done, std::int64_t milliseconds);
  void add_ended(Batches& done, const std::vector<Known>& now, std::int64_t milliseconds);
  void put(Batches& done, double value, std::int64_t milliseconds);
  void close_request(Batches& done);

  const BatcherOptions options_;
  std::string previous_;           // The last text, since ended series are told by their labels.
  std::vector<Known> known_;       // Sorted.
  WriteRequest request_;           // Being filled.
  std::vector<PushLabel> labels_;  // Of the series at hand.
  std::uint64_t malformed_lines_ = 0;
};

}  // namespace plimsoll::exporter
