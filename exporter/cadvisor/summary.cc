#include "exporter/cadvisor/summary.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace plimsoll::exporter {

namespace {

using cgroupfs::Field;

constexpr std::uint64_t kKiB = 1024;
constexpr std::chrono::seconds kMinute{60};
constexpr std::chrono::milliseconds kShortest{900};  // A faster sampler is sampled.

std::uint32_t clamp(double value) {
  constexpr double kMost = std::numeric_limits<std::uint32_t>::max();
  return value <= 0 ? 0 : static_cast<std::uint32_t>(std::min(value, kMost));
}

std::uint32_t clamp(std::uint64_t value) {
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(value, std::numeric_limits<std::uint32_t>::max()));
}

// `sorted` is not empty.
std::uint64_t percentile(const std::vector<std::uint64_t>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() + 1);
  const auto whole = static_cast<std::size_t>(place);
  if (whole == 0) return sorted.front();
  if (whole >= sorted.size()) return sorted.back();
  const double fraction = place - static_cast<double>(whole);
  const auto below = static_cast<double>(sorted[whole - 1]);
  const auto above = static_cast<double>(sorted[whole]);
  return static_cast<std::uint64_t>(below + fraction * (above - below));
}

}  // namespace

Percentiles percentiles_of(std::vector<std::uint64_t> values) {
  if (values.empty()) return {};
  std::ranges::sort(values);
  const auto count = static_cast<double>(values.size());
  double sum = 0;
  for (const std::uint64_t value : values) sum += static_cast<double>(value);
  const double mean = sum / count;
  double squares = 0;
  for (const std::uint64_t value : values)
    squares += (static_cast<double>(value) - mean) * (static_cast<double>(value) - mean);
  return {.present = true,
          .mean = static_cast<std::uint64_t>(mean),
          .std = static_cast<std::uint64_t>(std::sqrt(squares / count)),
          .max = values.back(),
          .fifty = percentile(values, 0.5),
          .ninety = percentile(values, 0.9),
          .ninety_five = percentile(values, 0.95),
          .count = values.size()};
}

void Summaries::observe(const Snapshot& snapshot) {
  const std::lock_guard lock(mutex_);
  ++round_;
  for (std::size_t row = 0; row < snapshot.rows.size(); ++row) {
    Track& track = tracks_[snapshot.rows[row].serial];
    track.seen = round_;
    add(track, snapshot, row);
  }
  std::erase_if(tracks_, [&](const auto& entry) { return entry.second.seen != round_; });
}

void Summaries::add(Track& track, const Snapshot& snapshot, std::size_t row) {
  const float cores = row < snapshot.rates.size() ? snapshot.rates[row].cpu_cores : 0;
  const auto memory = snapshot.value(Field::kMemoryWorkingSet, row);
  if (!std::isfinite(cores)) return;  // The first reading has no rate.
  if (!track.samples.empty() && snapshot.taken - track.last < kShortest) return;
  if (!track.samples.empty() && snapshot.taken - track.first >= kMinute) close_minute(track);
  if (track.samples.empty()) track.first = snapshot.taken;
  track.last = snapshot.taken;
  track.at = snapshot.wall;
  track.samples.push_back(
      {clamp(static_cast<double>(cores) * 1000.0), clamp(memory.value_or(0) / kKiB)});
}

Summaries::Digest Summaries::digest(const Percentiles& values) {
  return {clamp(values.mean),  clamp(values.std),    clamp(values.max),
          clamp(values.fifty), clamp(values.ninety), clamp(values.ninety_five)};
}

void Summaries::close_minute(Track& track) {
  std::vector<std::uint64_t> cpu;
  std::vector<std::uint64_t> memory;
  for (const Sample& sample : track.samples) {
    cpu.push_back(sample.cpu);
    memory.push_back(sample.memory_kib);
  }
  const auto count = static_cast<std::uint16_t>(track.samples.size());
  track.samples.clear();
  track.minutes.push_back(
      {digest(percentiles_of(std::move(cpu))), digest(percentiles_of(std::move(memory))), count});
  if (track.minutes.size() > kMinutes) track.minutes.erase(track.minutes.begin());
  if (++track.in_hour < kMinutes) return;
  track.in_hour = 0;
  track.hours.push_back({digest(expand(track.minutes, &Period::cpu, 1)),
                         digest(expand(track.minutes, &Period::memory_kib, 1)), 0, kMinutes});
  if (track.hours.size() > kHours) track.hours.erase(track.hours.begin());
}

// Percentiles of percentiles: each kind of the periods' own kind, an hour counting as its minutes.
Percentiles Summaries::expand(const std::vector<Period>& periods, Digest Period::* member,
                              std::uint64_t unit) {
  const auto each = [&](std::uint32_t Digest::* value) {
    std::vector<std::uint64_t> values;
    for (const Period& period : periods)
      values.insert(values.end(), period.minutes, (period.*member).*value * unit);
    return percentiles_of(std::move(values));
  };
  Percentiles all = each(&Digest::mean);
  // The spread inside the periods and that between them.
  double inside = 0;
  for (const Period& period : periods) {
    const auto std = static_cast<double>((period.*member).std * unit);
    inside += std * std * period.minutes;
  }
  if (all.count > 0) {
    const auto between = static_cast<double>(all.std);
    all.std = static_cast<std::uint64_t>(
        std::sqrt(between * between + inside / static_cast<double>(all.count)));
  }
  all.max = each(&Digest::max).max;
  all.fifty = each(&Digest::fifty).fifty;
  all.ninety = each(&Digest::ninety).ninety;
  all.ninety_five = each(&Digest::ninety_five).ninety_five;
  return all;
}

WindowUsage Summaries::minute_usage(const Period& minute) {
  const auto read = [&](const Digest& digest, std::uint64_t unit) -> Percentiles {
    return {minute.samples > 0,  digest.mean * unit,   digest.std * unit,         digest.max * unit,
            digest.fifty * unit, digest.ninety * unit, digest.ninety_five * unit, minute.samples};
  };
  return {100, read(minute.cpu, 1), read(minute.memory_kib, kKiB)};
}

WindowUsage Summaries::window(const std::vector<Period>& periods, std::uint32_t whole_minutes) {
  const std::uint32_t minutes =
      std::accumulate(periods.begin(), periods.end(), std::uint32_t{0},
                      [](std::uint32_t sum, const Period& p) { return sum + p.minutes; });
  WindowUsage usage;
  usage.percent_complete =
      static_cast<std::int32_t>(std::min<std::uint32_t>(minutes * 100 / whole_minutes, 100));
  usage.cpu = expand(periods, &Period::cpu, 1);
  usage.memory = expand(periods, &Period::memory_kib, kKiB);
  return usage;
}

std::optional<DerivedUsage> Summaries::read(std::uint64_t serial) const {
  Track track;
  {
    const std::lock_guard lock(mutex_);
    const auto found = tracks_.find(serial);
    if (found == tracks_.end()) return std::nullopt;
    track = found->second;
  }
  DerivedUsage usage;
  usage.at = track.at;
  if (!track.samples.empty()) {
    usage.latest_cpu = track.samples.back().cpu;
    usage.latest_memory = track.samples.back().memory_kib * kKiB;
  }
  if (!track.minutes.empty()) {
    usage.minute = minute_usage(track.minutes.back());
  } else if (!track.samples.empty()) {
    // The first minute is not over: what there is of it.
    const auto covered = std::chrono::duration_cast<std::chrono::seconds>(track.last - track.first);
    close_minute(track);
    usage.minute = minute_usage(track.minutes.back());
    usage.minute.percent_complete =
        static_cast<std::int32_t>(std::min<std::int64_t>(covered.count() * 100 / 60, 100));
    track.minutes.clear();
    track.in_hour = 0;
  }
  usage.hour = window(track.minutes, kMinutes);
  // Minutes that no hour stands for yet, and the hours before them.
  std::vector<Period> day = track.hours;
  const std::size_t fresh = std::min<std::size_t>(track.in_hour, track.minutes.size());
  day.insert(day.end(), track.minutes.end() - static_cast<std::ptrdiff_t>(fresh),
             track.minutes.end());
  usage.day = window(day, kMinutes * kHours);
  return usage;
}

std::size_t Summaries::bytes() const {
  const std::lock_guard lock(mutex_);
  std::size_t bytes = 0;
  for (const auto& [serial, track] : tracks_)
    bytes += sizeof(Track) + 32 + track.samples.capacity() * sizeof(Sample) +
             (track.minutes.capacity() + track.hours.capacity()) * sizeof(Period);
  return bytes;
}

}  // namespace plimsoll::exporter
