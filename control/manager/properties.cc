#include "control/manager/properties.h"

#include <algorithm>
#include <array>

#include "base/number.h"
#include "base/text.h"
#include "cgroupfs/limit/id_set.h"

namespace plimsoll::control {
namespace {

constexpr std::uint64_t kSecond = 1'000'000;
constexpr std::uint64_t kDefaultPeriod = 100'000;

Failure no_way(std::string_view reason) {
  return failure(ErrorKind::kNotOffered, "systemd", reason);
}

Result<std::uint64_t> number_of(std::string_view text) {
  const auto number = to_number<std::uint64_t>(text);
  if (!number) return malformed(text);
  return *number;
}

bool is_unlimited(std::string_view text) {
  return text == "max" || text == "-1";
}

Result<UnitChange> plain(const char* property, std::string_view text) {
  const std::uint64_t value = is_unlimited(text) ? kInfinity : PLIMSOLL_TRY(number_of(text));
  return UnitChange{{{property, value}}, std::nullopt};
}

// systemd takes no 0 where it counts upwards from one.
Result<UnitChange> not_zero(const char* property, std::string_view text) {
  if (text == "0") return no_way(std::string("systemd takes no 0 for ") + property);
  return plain(property, text);
}

// systemd keeps CPU time per second and multiplies by the period, rounding down: rounded up here,
// the quota comes out as it was for every period up to a second.
std::uint64_t per_second(std::uint64_t quota, std::uint64_t period) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>((Wide{quota} * kSecond + period - 1) / period);
}

Result<UnitChange> bandwidth_change(std::string_view quota, std::string_view period) {
  const std::uint64_t usec = period.empty() ? kDefaultPeriod : PLIMSOLL_TRY(number_of(period));
  if (usec == 0) return malformed(period);
  if (is_unlimited(quota)) {
    if (usec != kDefaultPeriod)
      return no_way("systemd keeps a period of 100 ms while there is no quota");
    return UnitChange{{{"CPUQuotaPerSecUSec", kInfinity}, {"CPUQuotaPeriodUSec", kInfinity}},
                      std::nullopt};
  }
  const std::uint64_t time = PLIMSOLL_TRY(number_of(quota));
  return UnitChange{{{"CPUQuotaPerSecUSec", per_second(time, usec)}, {"CPUQuotaPeriodUSec", usec}},
                    std::nullopt};
}

Result<UnitChange> ids_change(const char* property, std::string_view text) {
  const limit::IdSet ids = PLIMSOLL_TRY(limit::IdSet::parse(text));
  CpuMask mask;
  for (const auto& [first, last] : ids.ranges()) {
    mask.resize(std::max<std::size_t>(mask.size(), last / 8 + 1));
    for (std::uint32_t id = first; id <= last; ++id)
      mask[id / 8] = static_cast<std::uint8_t>(mask[id / 8] | (1U << (id % 8)));
  }
  return UnitChange{{{property, mask}}, std::nullopt};
}

// udev makes these for every disk; systemd looks the number up again through the node.
std::string node_of(std::string_view device) {
  return "/dev/block/" + std::string(device);
}

// "254:0 rbps=1048576 wbps=max": as many properties as keys.
Result<UnitChange> caps_change(std::string_view line) {
  static constexpr std::array<std::pair<std::string_view, const char*>, 4> kNames = {
      {{"rbps", "IOReadBandwidthMax"},
       {"wbps", "IOWriteBandwidthMax"},
       {"riops", "IOReadIOPSMax"},
       {"wiops", "IOWriteIOPSMax"}}};
  UnitChange change;
  std::string_view rest = line;
  std::string_view device;
  if (!next_word(rest, device)) return malformed(line);
  for (std::string_view word; next_word(rest, word);) {
    const std::size_t equals = std::min(word.find('='), word.size());
    const auto* const row =
        std::ranges::find(kNames, word.substr(0, equals), [](const auto& r) { return r.first; });
    if (row == kNames.end() || equals == word.size()) return malformed(line);
    const std::string_view text = word.substr(equals + 1);
    const std::uint64_t value = text == "max" ? kInfinity : PLIMSOLL_TRY(number_of(text));
    change.properties.push_back({row->second, PerPath{{node_of(device), value}}});
  }
  if (change.properties.empty()) return malformed(line);
  return change;
}

// "default 200", "254:0 300", "254:0 default".
Result<UnitChange> io_weight_change(std::string_view line) {
  std::string_view rest = line;
  std::string_view where;
  std::string_view value;
  if (!next_word(rest, where) || !next_word(rest, value)) return malformed(line);
  if (where == "default") return plain("IOWeight", value);
  const std::uint64_t weight = value == "default" ? kInfinity : PLIMSOLL_TRY(number_of(value));
  return UnitChange{{{"IODeviceWeight", PerPath{{node_of(where), weight}}}}, std::nullopt};
}

// "254:0 target=10000", in microseconds.
Result<UnitChange> latency_change(std::string_view line) {
  constexpr std::string_view kTarget = "target=";
  std::string_view rest = line;
  std::string_view device;
  std::string_view word;
  if (!next_word(rest, device) || !next_word(rest, word) || !word.starts_with(kTarget))
    return malformed(line);
  word.remove_prefix(kTarget.size());
  const std::uint64_t usec = word == "max" ? kInfinity : PLIMSOLL_TRY(number_of(word));
  return UnitChange{{{"IODeviceLatencyTargetUSec", PerPath{{node_of(device), usec}}}},
                    std::nullopt};
}

// "8:0 1048576" of blkio.throttle; 0 takes the cap away.
Result<UnitChange> cap_v1_change(const char* property, std::string_view line) {
  std::string_view rest = line;
  std::string_view device;
  std::string_view word;
  if (!next_word(rest, device) || !next_word(rest, word)) return malformed(line);
  const std::uint64_t value = word == "0" ? kInfinity : PLIMSOLL_TRY(number_of(word));
  return UnitChange{{{property, PerPath{{node_of(device), value}}}}, std::nullopt};
}

struct Plain {
  std::string_view file;
  const char* property;
  Result<UnitChange> (*change)(const char* property, std::string_view text);
};
constexpr Plain kPlain[] = {
    {"memory.min", "MemoryMin", plain},
    {"memory.low", "MemoryLow", plain},
    {"memory.high", "MemoryHigh", not_zero},
    {"memory.max", "MemoryMax", not_zero},
    {"memory.swap.max", "MemorySwapMax", plain},
    {"memory.limit_in_bytes", "MemoryMax", not_zero},
    {"pids.max", "TasksMax", not_zero},
    {"cpu.weight", "CPUWeight", plain},
    {"cpu.shares", "CPUShares", plain},
    {"cpuset.cpus", "AllowedCPUs", ids_change},
    {"cpuset.mems", "AllowedMemoryNodes", ids_change},
    {"blkio.throttle.read_bps_device", "IOReadBandwidthMax", cap_v1_change},
    {"blkio.throttle.write_bps_device", "IOWriteBandwidthMax", cap_v1_change}};

struct Missing {
  std::string_view file;
  std::string_view reason;
};
constexpr Missing kMissing[] = {
    {"memory.oom.group", "systemd writes it itself: set OOMPolicy= in the unit's file"},
    {"io.bfq.weight", "systemd writes it itself, from IOWeight=: set io.weight"},
    {"memory.memsw.limit_in_bytes", "systemd does not bound swap on cgroup v1"}};

struct Absent {
  std::string_view file;
  std::string_view text;
};
constexpr Absent kAbsent[] = {
    {"cpu.max", "max 100000"},    {"cpu.weight", "100"},  {"cpu.idle", "0"},
    {"cpuset.cpus", ""},          {"cpuset.mems", ""},    {"io.max", ""},
    {"io.weight", "default 100"}, {"io.latency", ""},     {"memory.min", "0"},
    {"memory.low", "0"},          {"memory.high", "max"}, {"memory.max", "max"},
    {"memory.swap.max", "max"},   {"pids.max", "max"}};

}  // namespace

Result<UnitChange> unit_change(std::string_view file, std::string_view text,
                               const BandwidthV1& bandwidth) {
  if (file == "cpu.max") {
    std::string_view rest = text;
    std::string_view quota;
    std::string_view period;
    if (!next_word(rest, quota)) return malformed(text);
    next_word(rest, period);
    return bandwidth_change(quota, period);
  }
  if (file == "cpu.cfs_quota_us") return bandwidth_change(text, bandwidth.period);
  if (file == "cpu.cfs_period_us") return bandwidth_change(bandwidth.quota, text);
  // A weight of 0 is systemd's word for idle; a group that is no longer idle has the normal one.
  if (file == "cpu.idle") return plain("CPUWeight", text == "1" ? "0" : "100");
  if (file == "cgroup.freeze")
    return UnitChange{{}, text == "1" ? limit::Switch::kOn : limit::Switch::kOff};
  if (file == "io.max") return caps_change(text);
  if (file == "io.weight") return io_weight_change(text);
  if (file == "io.latency") return latency_change(text);
  const auto* const row = std::ranges::find(kPlain, file, &Plain::file);
  if (row != std::end(kPlain)) return row->change(row->property, text);
  const auto* const missing = std::ranges::find(kMissing, file, &Missing::file);
  if (missing != std::end(kMissing)) return no_way(missing->reason);
  return no_way("systemd has no property for " + std::string(file) +
                ", and would not know of the change");
}

BandwidthV1 bandwidth_v1(std::uint64_t per_second, std::uint64_t period) {
  __extension__ using Wide = unsigned __int128;
  const std::uint64_t usec = period == kInfinity ? kDefaultPeriod : period;
  BandwidthV1 now{"-1", std::to_string(usec)};
  if (per_second != kInfinity)
    now.quota = std::to_string(static_cast<std::uint64_t>(Wide{per_second} * usec / kSecond));
  return now;
}

std::optional<std::string_view> text_without_controller(std::string_view file) {
  const auto* const row = std::ranges::find(kAbsent, file, &Absent::file);
  if (row == std::end(kAbsent)) return std::nullopt;
  return row->text;
}

}  // namespace plimsoll::control
