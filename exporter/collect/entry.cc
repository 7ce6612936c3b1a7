#include "exporter/collect/entry.h"

#include <cstring>
#include <type_traits>
#include <utility>

#include "base/number.h"
#include "base/read_file.h"
#include "base/text.h"

namespace plimsoll::exporter {

namespace {

using cgroupfs::Field;

static_assert(std::is_trivially_copyable_v<Rates> && sizeof(Rates) % sizeof(float) == 0,
              "floats only: compared as bytes");

// The first process of the group in whichever hierarchy has one.
std::optional<std::int32_t> first_process(const cgroupfs::Layout& layout,
                                          const cgroupfs::Cgroup& cgroup) {
  for (std::size_t h = 0; h < layout.hierarchies.size(); ++h) {
    if (!cgroup.in(h)) continue;
    const Result<DirFd> dir = cgroupfs::open_cgroup(layout, cgroup, h);
    if (!dir) continue;
    ReadBuffer buffer;
    const Result<std::string_view> text = buffer.read_at(*dir, "cgroup.procs");
    if (!text) continue;
    const auto pid = to_number<std::int32_t>(text->substr(0, text->find('\n')));
    if (pid && *pid > 0) return pid;  // 0: a process of another pid namespace.
  }
  return std::nullopt;
}

std::uint64_t sum(const std::vector<InterfaceCounters>& interfaces,
                  std::uint64_t InterfaceCounters::* counter) {
  std::uint64_t total = 0;
  for (const auto& interface : interfaces) total += interface.*counter;
  return total;
}

std::optional<std::uint64_t> sum(const std::vector<InterfaceCounters>& interfaces,
                                 std::optional<std::uint64_t> InterfaceCounters::* counter) {
  std::uint64_t total = 0;
  for (const auto& interface : interfaces) {
    if (!(interface.*counter)) return std::nullopt;
    total += *(interface.*counter);
  }
  return total;
}

}  // namespace

Entry::Entry(const cgroupfs::Cgroup& group, MonoTime now)
    : cgroup(&group), serial(group.serial), full_at(now), path(group.path), born(now) {}

std::chrono::nanoseconds Entry::spread(std::chrono::nanoseconds interval) const {
  // Fibonacci hashing: consecutive serials land far apart.
  const auto share = static_cast<std::int64_t>(serial * 0x9E3779B97F4A7C15U >> 40U);  // 24 bits
  constexpr std::int64_t kShares = std::int64_t{1} << 24;
  // In two steps: the product of ten minutes and a share does not fit.
  return interval / kShares * share + interval % kShares * share / kShares;
}

std::chrono::nanoseconds Entry::phase(std::chrono::nanoseconds tick) const {
  return tick * static_cast<std::int64_t>(serial % 5);
}

bool Entry::settled(cgroupfs::Tier tier) const {
  const auto last = sample.read_at(tier);
  return last && *last > born;
}

std::optional<std::int32_t> Entry::process(const cgroupfs::Layout& layout, MonoTime now) {
  if (identity->runtime == inventory::Runtime::kRoot) return 1;
  if (identity->pid) return identity->pid;
  const bool stale = now - pid_at >= std::chrono::seconds(5);
  if (pid_at == MonoTime{} || stale) {
    pid = first_process(layout, *cgroup);
    pid_at = now;
  }
  return pid;
}

Entry::Change Entry::set_network(NetworkTarget&& target) {
  if (attribution == target.attribution && interfaces == target.interfaces) return Change::kNone;
  attribution = target.attribution;
  interfaces = std::move(target.interfaces);
  constexpr std::array kFields = {Field::kNetRxBytes,   Field::kNetRxPackets, Field::kNetTxBytes,
                                  Field::kNetTxPackets, Field::kNetRxErrors,  Field::kNetRxDropped,
                                  Field::kNetTxErrors,  Field::kNetTxDropped};
  for (const Field field : kFields) sample.unset(field);
  if (interfaces.empty()) return Change::kSome;
  sample.set(Field::kNetRxBytes, sum(interfaces, &InterfaceCounters::rx_bytes));
  sample.set(Field::kNetRxPackets, sum(interfaces, &InterfaceCounters::rx_packets));
  sample.set(Field::kNetTxBytes, sum(interfaces, &InterfaceCounters::tx_bytes));
  sample.set(Field::kNetTxPackets, sum(interfaces, &InterfaceCounters::tx_packets));
  const auto set_if = [&](Field field, std::optional<std::uint64_t> value) {
    if (value) sample.set(field, *value);
  };
  set_if(Field::kNetRxErrors, sum(interfaces, &InterfaceCounters::rx_errors));
  set_if(Field::kNetRxDropped, sum(interfaces, &InterfaceCounters::rx_dropped));
  set_if(Field::kNetTxErrors, sum(interfaces, &InterfaceCounters::tx_errors));
  set_if(Field::kNetTxDropped, sum(interfaces, &InterfaceCounters::tx_dropped));
  return Change::kSome;
}

// Without interfaces an idle group has no counter that moves.
bool Entry::has_nothing_to_rate() const {
  return idle && interfaces.empty() && rates.cpu_cores == 0 && rates.io_read_bytes == 0 &&
         rates.io_write_bytes == 0;
}

Entry::Change Entry::update_rates(MonoTime now, std::chrono::nanoseconds shortest) {
  if (idle && resting_at != MonoTime{}) {
    resting_at = now;
    return Change::kNone;
  }
  // So that a burst is not averaged over the idle time before it.
  if (resting_at != MonoTime{}) base.hot_at = base.net_at = std::exchange(resting_at, MonoTime{});
  const RateBase next = rate_base(sample, now);
  const Rates before = std::exchange(rates, rates_between(base, next, rates, shortest));
  base = advanced(base, next, shortest);
  if (idle) {
    rates.cpu_cores = 0;
    rates.io_read_bytes = 0;
    rates.io_write_bytes = 0;
    base.hot_at = now;
  }
  if (has_nothing_to_rate()) resting_at = now;
  // As bytes, since a rate that is not known is not equal to itself.
  // NOLINTNEXTLINE(bugprone-suspicious-memory-comparison)
  return std::memcmp(&before, &rates, sizeof rates) == 0 ? Change::kNone : Change::kSome;
}

Row Entry::row() const {
  Row row;
  row.serial = serial;
  row.identity = identity;
  row.created = identity->created.value_or(cgroup->created);
  row.group_created = cgroup->created;
  row.hot_at = sample.read_at(cgroupfs::Tier::kHot).value_or(MonoTime{});
  row.warm_at = sample.read_at(cgroupfs::Tier::kWarm).value_or(MonoTime{});
  row.slow_at = sample.read_at(cgroupfs::Tier::kSlow).value_or(MonoTime{});
  row.usage_at = sample.usage_at().value_or(MonoTime{});
  row.last_seen_seconds = last_seen_seconds;
  row.labels = labels;
  return row;
}

}  // namespace plimsoll::exporter
