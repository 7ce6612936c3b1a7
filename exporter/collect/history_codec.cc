#include "exporter/collect/history_codec.h"

namespace plimsoll::exporter {

namespace {

using cgroupfs::Field;
using cgroupfs::Unit;

constexpr std::uint64_t kPage = 4096;

constexpr std::uint64_t divisor(Field field) {
  return cgroupfs::info(field).unit == Unit::kNanoseconds ? 1000 : 1;
}

// Memory moves in pages: a difference of whole pages is stored in pages.
constexpr bool in_pages(Field field) {
  return cgroupfs::info(field).unit == Unit::kBytes &&
         cgroupfs::info(field).kind == cgroupfs::Kind::kGauge;
}

std::uint64_t zigzag(std::uint64_t difference) {
  const auto value = static_cast<std::int64_t>(difference);
  return (difference << 1U) ^ static_cast<std::uint64_t>(value >> 63);
}
std::uint64_t unzigzag(std::uint64_t coded) {
  return (coded >> 1U) ^ (~(coded & 1U) + 1U);
}

void put(std::vector<std::uint8_t>& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<std::uint8_t>(value | 0x80U));
    value >>= 7U;
  }
  out.push_back(static_cast<std::uint8_t>(value));
}

// Reads what put() wrote; only ever called on our own bytes.
class Cursor {
 public:
  explicit Cursor(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  std::uint64_t take() {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      PLIMSOLL_CHECK(at_ < bytes_.size());
      const std::uint8_t byte = bytes_[at_++];
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80) return value;
    }
  }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
};

// The low bit tells pages from bytes. Nothing is lost by the shift: values are below 2^61
// (to_stored).
void put_gauge(std::vector<std::uint8_t>& out, std::uint64_t difference) {
  const auto value = static_cast<std::int64_t>(difference);
  if (value % static_cast<std::int64_t>(kPage) == 0)
    put(out,
        zigzag(static_cast<std::uint64_t>(value / static_cast<std::int64_t>(kPage))) << 1U | 1U);
  else
    put(out, zigzag(difference) << 1U);
}
std::uint64_t take_gauge(Cursor& cursor) {
  const std::uint64_t coded = cursor.take();
  const std::uint64_t difference = unzigzag(coded >> 1U);
  return (coded & 1U) != 0 ? difference * kPage : difference;
}

}  // namespace

StoredPoint to_stored(const Snapshot& snapshot, std::size_t row, HistoryTick tick) {
  StoredPoint point;
  point.tick = tick;
  for (std::size_t i = 0; i < kHistoryFieldCount; ++i) {
    const auto value = snapshot.value(kHistoryFields[i], row);
    // Values of 2^61 and more are no measurements (v1's "unlimited" and the like never get here as
    // numbers).
    if (!value || *value >> 61U != 0) continue;
    point.present |= std::uint64_t{1} << i;
    point.values[i] = *value / divisor(kHistoryFields[i]);
  }
  return point;
}

HistoryPoint from_stored(const StoredPoint& point) {
  HistoryPoint out;
  out.values.resize(kHistoryFieldCount);
  for (std::size_t i = 0; i < kHistoryFieldCount; ++i)
    if ((point.present >> i & 1U) != 0)
      out.values[i] = point.values[i] * divisor(kHistoryFields[i]);
  return out;
}

// A point: ticks left out before it, mask (bit 0: presence follows; bit i + 1: value i changed),
// [presence], changed differences. The first point of a block is a difference to zero.
void HistoryEncoder::append(HistoryBlock& block, const StoredPoint& point) {
  if (block.count_ == 0) last_ = StoredPoint();
  std::vector<std::uint8_t>& out = block.bytes_;
  put(out, block.count_ == 0 ? 0 : point.tick - block.last_ - 1);
  std::uint64_t mask = point.present != last_.present ? 1U : 0U;
  for (std::size_t i = 0; i < kHistoryFieldCount; ++i)
    if (point.values[i] != last_.values[i]) mask |= std::uint64_t{2} << i;
  put(out, mask);
  if ((mask & 1U) != 0) put(out, point.present);
  for (std::size_t i = 0; i < kHistoryFieldCount; ++i) {
    if ((mask >> (i + 1) & 1U) == 0) continue;
    const std::uint64_t difference = point.values[i] - last_.values[i];
    if (in_pages(kHistoryFields[i]))
      put_gauge(out, difference);
    else
      put(out, zigzag(difference));
  }
  last_ = point;
  block.last_ = point.tick;
  ++block.count_;
}

std::vector<StoredPoint> HistoryBlock::decode() const {
  std::vector<StoredPoint> points;
  points.reserve(count_);
  Cursor cursor(bytes_);
  StoredPoint point;
  for (std::size_t n = 0; n < count_; ++n) {
    const HistoryTick left_out = cursor.take();
    point.tick = n == 0 ? first_ : point.tick + left_out + 1;
    const std::uint64_t mask = cursor.take();
    if ((mask & 1U) != 0) point.present = cursor.take();
    for (std::size_t i = 0; i < kHistoryFieldCount; ++i) {
      if ((mask >> (i + 1) & 1U) == 0) continue;
      point.values[i] += in_pages(kHistoryFields[i]) ? take_gauge(cursor) : unzigzag(cursor.take());
    }
    points.push_back(point);
  }
  return points;
}

}  // namespace plimsoll::exporter
