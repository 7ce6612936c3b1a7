#include "exporter/collect/snapshot_filler.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "exporter/collect/headroom.h"
#include "exporter/collect/side_tables.h"

namespace plimsoll::exporter {

namespace {

using cgroupfs::Field;

// What is reckoned over all rows moves in rows of which nothing was read.
bool reckoned_alike(const Snapshot& a, const Snapshot& b, std::size_t row) {
  constexpr std::array kReckoned = {Field::kMemoryHeadroom, Field::kPidsHeadroom,
                                    Field::kMemoryEventsOomKill};
  // As bits, since a ratio that is not known is not equal to itself.
  const auto ratio = [row](const Snapshot& snapshot) {
    return std::bit_cast<std::uint32_t>(snapshot.rates[row].cpu_limit_ratio);
  };
  return ratio(a) == ratio(b) && std::ranges::all_of(kReckoned, [&](Field field) {
           return a.value(field, row) == b.value(field, row);
         });
}

}  // namespace

void SnapshotFiller::fill(Snapshot& snapshot, std::span<Entry* const> rows, const Found& found,
                          Tombstones& tombstones) {
  fill_rows(snapshot, rows, found);
  if (std::exchange(parents_since_, snapshot.rows_since) != snapshot.rows_since)
    parents_ = parents_of(snapshot.rows);
  fill_headroom(snapshot, parents_);
  const auto sample_of = [rows](std::size_t row) -> const cgroupfs::CgroupSample& {
    return rows[row]->sample;
  };
  for (const std::size_t row : tombstones.update(snapshot, parents_, sample_of))
    rows[row]->written = true;
  if (!follows_last(snapshot)) return;
  for (std::size_t row = 0; row < rows.size(); ++row)
    if (!reckoned_alike(snapshot, *last_, row))
      rows[row]->changed = snapshot.changed[row] = snapshot.sequence;
}

void SnapshotFiller::fill_rows(Snapshot& snapshot, std::span<Entry* const> rows,
                               const Found& found) {
  const std::unique_ptr<Snapshot> old = pool_.take();
  const std::uint64_t rows_since = snapshot.rows_since;
  std::uint64_t filled_at = 0;
  if (old->sequence >= rows_since && old->rows.size() == rows.size()) {
    filled_at = old->sequence;
    snapshot.renew(std::move(*old));
    snapshot.rows_since = rows_since;
  } else {
    snapshot.reserve(rows.size());
    snapshot.rows.resize(rows.size());
    snapshot.rates.resize(rows.size());
    snapshot.changed.resize(rows.size());
  }
  const bool follows = follows_last(snapshot);
  const std::int64_t wall_seconds =
      std::chrono::duration_cast<std::chrono::seconds>(snapshot.wall.time_since_epoch()).count();
  std::size_t appended = 0;  // Rows in the side tables; what did not change is copied in runs.
  for (std::size_t row = 0; row < rows.size(); ++row) {
    Entry& entry = *rows[row];
    entry.last_seen_seconds = wall_seconds;
    if (entry.payload != nullptr) entry.changed = std::max(entry.changed, entry.payload->changed);
    if (entry.changed > filled_at) {
      snapshot.rows[row] = entry.row();
      snapshot.rates[row] = entry.rates;
      snapshot.changed[row] = entry.changed;
      set_numbers(snapshot, row, entry);
      set_layer_fields(snapshot, row, entry, found.disk);
      set_wide_columns(snapshot, row, entry.sample, groups_);
    }
    // Of an idle group these alone move.
    snapshot.rows[row].last_seen_seconds = wall_seconds;
    snapshot.rows[row].usage_at = entry.sample.usage_at().value_or(MonoTime{});
    if (follows && entry.changed < snapshot.sequence) continue;
    if (appended < row) snapshot.append_side_rows(*last_, appended, row);
    append_side_tables(snapshot, entry, groups_, found.disk);
    found.groups.fill(snapshot, entry);
    appended = row + 1;
  }
  if (appended < rows.size()) snapshot.append_side_rows(*last_, appended, rows.size());
}

SnapshotPtr SnapshotFiller::publish(std::unique_ptr<Snapshot> snapshot) {
  last_ = pool_.publish(std::move(snapshot));
  return last_;
}

}  // namespace plimsoll::exporter
