#include "exporter/metrics/row_index.h"

#include <algorithm>
#include <bit>

#include "exporter/metrics/labels.h"
#include "exporter/metrics/wire.h"

namespace plimsoll::exporter {

namespace {

// How far a search looks ahead before it asks the table: families skip a row here and there.
constexpr std::size_t kLookAhead = 8;

void append_pair(std::string& out, std::string_view name, std::string_view prefix,
                 std::string_view value) {
  const std::size_t old = out.size();
  out.resize_and_overwrite(old + wire::label_size(name, prefix, value),
                           [&](char* text, std::size_t) {
                             char* const end = wire::put_label(text + old, name, prefix, value);
                             return static_cast<std::size_t>(end - text);
                           });
}

// The value between quotes, escapes undone. Blocks are our own, so they are well formed.
void append_unescaped(std::string& out, std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t escape = std::min(text.find('\\', at), text.size());
    out += text.substr(at, escape - at);
    if (escape + 1 < text.size()) out += text[escape + 1] == 'n' ? '\n' : text[escape + 1];
    at = escape + 2;
  }
}

// Where the quoted value that begins at `from` ends.
std::size_t closing_quote(std::string_view text, std::size_t from) {
  for (std::size_t at = from; at < text.size(); ++at) {
    if (text[at] == '"') return at;
    if (text[at] == '\\') ++at;
  }
  return text.size();
}

}  // namespace

void append_label_pair(std::string& out, const Label& label) {
  if (is_ascii(label.value)) return append_pair(out, label.name, label.prefix, label.value);
  std::string valid;
  append_plain_value(valid, label.value);
  append_pair(out, label.name, label.prefix, valid);
}

void append_label_pairs(std::string& out, std::string_view labels) {
  while (!labels.empty()) {
    const std::size_t equals = labels.find('=');
    if (equals == std::string_view::npos) return;
    const std::size_t end = closing_quote(labels, equals + 2);
    const std::string_view name = labels.substr(0, equals);
    const std::string_view value = labels.substr(equals + 2, end - equals - 2);
    const auto escapes = static_cast<std::size_t>(std::ranges::count(value, '\\'));
    if (escapes == 0) {
      append_pair(out, name, {}, value);
    } else {
      std::string plain;
      append_unescaped(plain, value);
      append_pair(out, name, {}, plain);
    }
    labels.remove_prefix(std::min(labels.size(), end + 2));
  }
}

void RowIndex::start(const Snapshot& snapshot) {
  keys_.clear();
  const auto add = [&](const std::shared_ptr<const std::string>& labels) {
    keys_.push_back(labels ? std::string_view(*labels) : std::string_view());
  };
  for (const Row& row : snapshot.rows) add(row.labels);
  for (const Tombstone& tombstone : snapshot.tombstones) add(tombstone.labels);
  keys_.emplace_back();
  next_ = 0;
  fill_slots();
}

void RowIndex::fill_slots() {
  slots_.assign(std::bit_ceil(2 * keys_.size()), 0);
  for (std::size_t row = 0; row < size(); ++row) {
    if (keys_[row].empty()) continue;
    std::uint32_t& slot = slots_[slot_of(keys_[row])];
    if (slot == 0) slot = static_cast<std::uint32_t>(row + 1);
  }
}

// Where `key` is, or would be. At least half of the slots are free, so the walk ends.
std::size_t RowIndex::slot_of(std::string_view key) const {
  const std::size_t mask = slots_.size() - 1;
  constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15;  // Fibonacci hashing: 2^64 / phi.
  const auto hash = (reinterpret_cast<std::uintptr_t>(key.data()) * kMultiplier) >> 32U;
  std::size_t slot = hash & mask;
  while (slots_[slot] != 0 && keys_[slots_[slot] - 1].data() != key.data())
    slot = (slot + 1) & mask;
  return slot;
}

void RowIndex::encode_labels() {
  encoded_.clear();
  ends_.assign(1, 0);
  for (std::size_t row = 0; row < size(); ++row) {
    append_label_pairs(encoded_, keys_[row]);
    ends_.push_back(encoded_.size());
  }
}

std::optional<std::size_t> RowIndex::search(std::string_view key) {
  const std::size_t last = size();
  for (std::size_t row = next_; row < std::min(next_ + kLookAhead, last); ++row) {
    if (keys_[row].data() != key.data()) continue;
    next_ = row + 1;
    return row;
  }
  if (slots_.empty()) return std::nullopt;
  const std::uint32_t found = slots_[slot_of(key)];
  if (found == 0) return std::nullopt;
  next_ = found;
  return found - 1;
}

}  // namespace plimsoll::exporter
