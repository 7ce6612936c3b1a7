// How much CPU and memory each container used over the last minute, hour and day: mean, deviation,
// maximum and percentiles, from the 1-second samples.
//
// Bounded: 60 samples, 60 minutes and 24 hours per container, at most 4.8 KiB after a day.
// Thread: observe() from one thread, read() from any.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "exporter/collect/snapshot.h"

namespace plimsoll::exporter {

struct Percentiles {
  bool present = false;
  std::uint64_t mean = 0, std = 0, max = 0, fifty = 0, ninety = 0, ninety_five = 0;
  std::uint64_t count = 0;  // Of the values it was made from.
  bool operator==(const Percentiles&) const = default;
};
// Linear between the two nearest values, as cAdvisor does it.
[[nodiscard]] Percentiles percentiles_of(std::vector<std::uint64_t> values);

struct WindowUsage {
  std::int32_t percent_complete = 0;  // 0..100: how much of the window there is data for.
  Percentiles cpu;                    // Thousandths of a core.
  Percentiles memory;                 // Working set, bytes.
};

struct DerivedUsage {
  WallTime at;
  std::uint64_t latest_cpu = 0, latest_memory = 0;
  WindowUsage minute, hour, day;
};

class Summaries {
 public:
  // Once per regular tick.
  void observe(const Snapshot& snapshot);
  // Nothing: never seen.
  [[nodiscard]] std::optional<DerivedUsage> read(std::uint64_t serial) const;
  // Roughly.
  [[nodiscard]] std::size_t bytes() const;

 private:
  static constexpr std::size_t kMinutes = 60;
  static constexpr std::size_t kHours = 24;

  // Memory is kept in KiB: 4 TiB fit.
  struct Sample {
    std::uint32_t cpu = 0, memory_kib = 0;
  };
  // A percentile set of a minute or an hour, small.
  struct Digest {
    std::uint32_t mean = 0, std = 0, max = 0, fifty = 0, ninety = 0, ninety_five = 0;
  };
  struct Period {
    Digest cpu, memory_kib;
    std::uint16_t samples = 0;  // Of the minute.
    std::uint8_t minutes = 1;   // That it stands for.
  };
  struct Track {
    std::vector<Sample> samples;  // Of the minute that is not over.
    MonoTime first, last;         // Of `samples`.
    std::vector<Period> minutes;  // Oldest first, at most kMinutes.
    std::vector<Period> hours;    // Those before the oldest minute of the current hour.
    std::uint8_t in_hour = 0;     // Minutes since the last entry of `hours`.
    WallTime at;
    std::uint64_t seen = 0;  // Round of observe().
  };

  static void add(Track& track, const Snapshot& snapshot, std::size_t row);
  static void close_minute(Track& track);
  [[nodiscard]] static Digest digest(const Percentiles& values);
  [[nodiscard]] static Percentiles expand(const std::vector<Period>& periods,
                                          Digest Period::* member, std::uint64_t unit);
  [[nodiscard]] static WindowUsage minute_usage(const Period& minute);
  [[nodiscard]] static WindowUsage window(const std::vector<Period>& periods,
                                          std::uint32_t whole_minutes);

  mutable std::mutex mutex_;
  std::unordered_map<std::uint64_t, Track> tracks_;
  std::uint64_t round_ = 0;
};

}  // namespace plimsoll::exporter
