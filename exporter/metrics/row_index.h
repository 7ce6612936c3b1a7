// Whose series it is: from the label block that a family hands to its writer to the row of the
// snapshot.
//
// Families print rows in order, so the answer is nearly always "the next one" or "the same one". A
// block belongs to one row (and perhaps to the tombstone of a former one); it is known by its
// address, so the index is good for one page of one snapshot.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/collect/snapshot.h"

namespace plimsoll::exporter {

// A label of one sample beyond the row's own. Left out when the value is empty, which is the same
// to Prometheus. `prefix` is a literal of ours, put before the value.
struct Label {
  std::string_view name;
  std::string_view value;
  std::string_view prefix = {};
};

class RowIndex {
 public:
  // Rows first, then tombstones. `snapshot` must outlive its use. Keeps memory from page to page.
  void start(const Snapshot& snapshot);
  // Encodes each block as the LabelPairs of io.prometheus.client.Metric.
  void encode_labels();

  // After start(). Number of the row or, after the rows, of the tombstone. Nothing for other texts.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view labels) {
    if (labels.empty()) return std::nullopt;
    const char* const key = labels.data();
    if (keys_[next_].data() == key) return next_++;
    if (next_ > 0 && keys_[next_ - 1].data() == key) return next_ - 1;
    return search(labels);
  }
  [[nodiscard]] std::size_t size() const { return keys_.size() - 1; }
  [[nodiscard]] std::string_view encoded(std::size_t row) const {
    return std::string_view(encoded_).substr(ends_[row], ends_[row + 1] - ends_[row]);
  }

 private:
  [[nodiscard]] std::optional<std::size_t> search(std::string_view key);
  [[nodiscard]] std::size_t slot_of(std::string_view key) const;
  void fill_slots();

  std::vector<std::string_view> keys_;  // The last is nobody's.
  std::vector<std::uint32_t> slots_;    // Hash table with open addressing: row + 1, 0 is free.
  std::string encoded_;
  std::vector<std::size_t> ends_;
  std::size_t next_ = 0;
};

// Appends the LabelPairs of a rendered block (`a="b",c="d"`, escaped as for the text format).
void append_label_pairs(std::string& out, std::string_view labels);
// Appends one LabelPair; the value is made valid UTF-8 as in the other formats.
void append_label_pair(std::string& out, const Label& label);

}  // namespace plimsoll::exporter
