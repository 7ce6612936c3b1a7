#include "exporter/cadvisor/stat_point.h"

#include <array>
#include <utility>

#include "exporter/collect/history_codec.h"

namespace plimsoll::exporter {

namespace {

constexpr std::uint8_t kNotKept = 0xff;

// Field -> index of HistoryPoint::values.
constexpr auto kPlaces = [] {
  std::array<std::uint8_t, cgroupfs::kFieldCount> places{};
  places.fill(kNotKept);
  for (std::size_t i = 0; i < kHistoryFields.size(); ++i)
    places[static_cast<std::size_t>(kHistoryFields[i])] = static_cast<std::uint8_t>(i);
  return places;
}();

}  // namespace

std::optional<std::uint64_t> StatPoint::value(cgroupfs::Field field) const {
  if (!is_past_) return snapshot_->value(field, row_);
  const std::uint8_t place = kPlaces[static_cast<std::size_t>(field)];
  return place == kNotKept || place >= past_.size() ? std::nullopt : past_[place];
}

std::vector<StatPoint> points_of(const Snapshot& snapshot, std::size_t row, const History* history,
                                 const PointRange& range) {
  std::vector<StatPoint> points;
  if (range.newest == 0) return points;
  const auto inside = [&](WallTime at) {
    return (!range.start || at >= *range.start) && (!range.end || at <= *range.end);
  };
  const bool wants_past = !range.newest || *range.newest > 1 || range.end;
  if (history != nullptr && wants_past) {
    std::vector<HistoryPoint> past =
        history->read(snapshot.rows[row].serial, 0, range.start.value_or(WallTime{}));
    for (HistoryPoint& point : past)
      if (point.sequence < snapshot.sequence && inside(point.wall))
        points.emplace_back(std::move(point), snapshot, row);
  }
  if (snapshot.rows[row].hot_at != MonoTime{} && inside(snapshot.wall))
    points.emplace_back(snapshot, row);
  if (range.newest && points.size() > *range.newest)
    points.erase(points.begin(), points.end() - static_cast<std::ptrdiff_t>(*range.newest));
  return points;
}

}  // namespace plimsoll::exporter
