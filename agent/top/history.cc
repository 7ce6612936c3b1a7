#include "agent/top/history.h"

#include <algorithm>
#include <cmath>

#include "agent/stats/order.h"
#include "agent/top/judge.h"

namespace plimsoll::agent::top {

namespace {

using Count = std::optional<std::uint64_t>;

float known(const std::optional<double>& value) {
  return value ? static_cast<float>(*value) : kAbsent;
}

// Per second. A counter that went back began anew: absent, not negative.
float rate(const Count& before, const Count& now, double seconds) {
  if (!before || !now || *now < *before || seconds <= 0) return kAbsent;
  return static_cast<float>(static_cast<double>(*now - *before) / seconds);
}

Point point_of(const StatsRow& row, const StatsRow* before, double seconds) {
  Point point;
  point.cpu = known(row.cpu_cores);
  if (row.memory) point.memory = static_cast<float>(*row.memory);
  point.throttled = known(row.throttled);
  point.psi_cpu = known(row.psi_cpu);
  point.psi_memory = known(row.psi_memory);
  point.psi_io = known(row.psi_io);
  if (before == nullptr) return point;
  point.net_rx = rate(before->net_rx, row.net_rx, seconds);
  point.net_tx = rate(before->net_tx, row.net_tx, seconds);
  point.read = rate(before->block_read, row.block_read, seconds);
  point.write = rate(before->block_write, row.block_write, seconds);
  return point;
}

void note_kills(Entry& entry, const StatsRow& row, WallTime time) {
  const Count& before = entry.row.oom_kills;
  if (!before || !row.oom_kills || *row.oom_kills <= *before) return;
  entry.oom_seen += *row.oom_kills - *before;
  entry.oom = time;
}

constexpr PointValue kValues[] = {
    &Point::cpu,   &Point::memory,    &Point::net_rx,  &Point::net_tx,     &Point::read,
    &Point::write, &Point::throttled, &Point::psi_cpu, &Point::psi_memory, &Point::psi_io};

}  // namespace

float sum(float a, float b) {
  if (std::isnan(a)) return b;
  return std::isnan(b) ? a : a + b;
}

double Entry::smooth(PointValue value) const {
  constexpr std::size_t kLast = 3;
  double total = 0;
  std::size_t count = 0;
  for (std::size_t i = points.size() - std::min(kLast, points.size()); i < points.size(); ++i) {
    if (std::isnan(points[i].*value)) continue;
    total += static_cast<double>(points[i].*value);
    ++count;
  }
  return count > 0 ? total / static_cast<double>(count) : std::nan("");
}

std::vector<double> Entry::series(PointValue value) const {
  std::vector<double> out;
  out.reserve(points.size());
  for (const Point& point : points) out.push_back(static_cast<double>(point.*value));
  return out;
}

void History::take(StatsFrame frame) {
  // Much older ones are those of a clock that was set back.
  constexpr std::chrono::minutes kOutOfOrder(1);
  if (frame.time <= time_ && time_ - frame.time < kOutOfOrder) return;
  const double seconds = std::chrono::duration<double>(frame.time - time_).count();
  time_ = frame.time;
  const std::size_t most = frame.rows.size() > kMany ? kFewPoints : kPoints;
  Entries next;
  for (StatsRow& row : frame.rows) {
    auto node = entries_.extract(row.cgroup);
    const bool known = !node.empty() && node.mapped().row.id == row.id;
    Entry entry = known ? std::move(node.mapped()) : Entry{};
    if (known) note_kills(entry, row, time_);
    entry.points.push_back(point_of(row, known ? &entry.row : nullptr, seconds));
    for (; entry.points.size() > most; ++entry.first) entry.points.pop_front();
    entry.row = std::move(row);
    entry.reasons = judge(entry, time_);
    std::string key = entry.row.cgroup;
    next.insert_or_assign(std::move(key), std::move(entry));
  }
  entries_ = std::move(next);
}

Entry sum_of(const std::vector<const Entry*>& parts, std::string name) {
  constexpr std::size_t kShown = 16;  // No list shows more of a sum.
  Entry total;
  std::vector<StatsRow> rows;
  std::size_t length = 1;
  for (const Entry* part : parts) {
    rows.push_back(part->row);
    length = std::max(length, std::min(kShown, part->points.size()));
    total.oom_seen += part->oom_seen;
    if (part->level() > total.level()) total.reasons = {part->reasons.front()};
  }
  total.row = total_of(rows);
  total.row.name = std::move(name);
  total.points.resize(length);
  for (const Entry* part : parts)
    for (std::size_t back = 1; back <= std::min(length, part->points.size()); ++back)
      for (const PointValue value : kValues) {
        float& into = total.points[length - back].*value;
        into = sum(into, part->points[part->points.size() - back].*value);
      }
  // Shares of time do not add up: the worst of them says more.
  for (const PointValue share :
       {&Point::throttled, &Point::psi_cpu, &Point::psi_memory, &Point::psi_io}) {
    float worst = kAbsent;
    for (const Entry* part : parts) worst = std::fmax(worst, part->now().*share);
    total.points.back().*share = worst;
  }
  return total;
}

}  // namespace plimsoll::agent::top
