#include "cgroupfs/read/put_io.h"

#include <algorithm>
#include <array>

#include "cgroupfs/parse/blkio.h"
#include "cgroupfs/parse/cpu_stat.h"
#include "cgroupfs/parse/io_stat.h"
#include "cgroupfs/read/put.h"

namespace plimsoll::cgroupfs {

namespace {

using Devices = std::vector<DeviceIo>;
using Counter = std::optional<std::uint64_t> DeviceIo::*;

// Which counter of a device an operation of a v1 file fills.
struct OpCounter {
  BlkioOp op;
  Counter counter;
};
constexpr auto kServiceBytes =
    std::to_array<OpCounter>({{BlkioOp::kRead, &DeviceIo::read_bytes},
                              {BlkioOp::kWrite, &DeviceIo::write_bytes},
                              {BlkioOp::kDiscard, &DeviceIo::discard_bytes},
                              {BlkioOp::kSync, &DeviceIo::sync_bytes},
                              {BlkioOp::kAsync, &DeviceIo::async_bytes},
                              {BlkioOp::kTotal, &DeviceIo::total_bytes}});
constexpr auto kServiced = std::to_array<OpCounter>({{BlkioOp::kRead, &DeviceIo::reads},
                                                     {BlkioOp::kWrite, &DeviceIo::writes},
                                                     {BlkioOp::kDiscard, &DeviceIo::discards}});
constexpr auto kMerged = std::to_array<OpCounter>(
    {{BlkioOp::kRead, &DeviceIo::reads_merged}, {BlkioOp::kWrite, &DeviceIo::writes_merged}});
constexpr auto kQueued = std::to_array<OpCounter>({{BlkioOp::kTotal, &DeviceIo::queued}});
constexpr auto kServiceTime =
    std::to_array<OpCounter>({{BlkioOp::kRead, &DeviceIo::read_time_ns},
                              {BlkioOp::kWrite, &DeviceIo::write_time_ns},
                              {BlkioOp::kTotal, &DeviceIo::service_time_ns}});
constexpr auto kWaitTime = std::to_array<OpCounter>({{BlkioOp::kTotal, &DeviceIo::wait_time_ns}});
constexpr auto kSectors = std::to_array<OpCounter>({{BlkioOp::kNone, &DeviceIo::sectors}});

constexpr auto kIoStat = std::to_array<Counter>(
    {&DeviceIo::read_bytes, &DeviceIo::write_bytes, &DeviceIo::discard_bytes, &DeviceIo::reads,
     &DeviceIo::writes, &DeviceIo::discards, &DeviceIo::cost_usage_ns, &DeviceIo::cost_wait_ns,
     &DeviceIo::cost_indebt_ns, &DeviceIo::cost_indelay_ns});

struct Sum {
  Field field;
  Counter counter;
};
constexpr auto kByteSums = std::to_array<Sum>({{Field::kIoReadBytes, &DeviceIo::read_bytes},
                                               {Field::kIoWriteBytes, &DeviceIo::write_bytes},
                                               {Field::kIoDiscardBytes, &DeviceIo::discard_bytes}});
constexpr auto kCountSums = std::to_array<Sum>({{Field::kIoReads, &DeviceIo::reads},
                                                {Field::kIoWrites, &DeviceIo::writes},
                                                {Field::kIoDiscards, &DeviceIo::discards}});

DeviceIo& device_of(Devices& devices, std::uint32_t major, std::uint32_t minor) {
  const std::pair key(major, minor);
  const auto number = [](const DeviceIo& d) { return std::pair(d.major, d.minor); };
  const auto at = std::ranges::lower_bound(devices, key, {}, number);
  if (at != devices.end() && number(*at) == key) return *at;
  DeviceIo device;
  device.major = major;
  device.minor = minor;
  return *devices.insert(at, device);
}

// A device of which no file says anything any more.
bool is_empty(const DeviceIo& device) {
  DeviceIo empty;
  empty.major = device.major;
  empty.minor = device.minor;
  return device == empty;
}

template <std::size_t N>
void add_up(const Devices& devices, const std::array<Sum, N>& sums,
            std::optional<std::uint64_t> without_devices, CgroupSample& sample) {
  for (const Sum& sum : sums) {
    std::optional<std::uint64_t> total = without_devices;
    for (const DeviceIo& device : devices)
      if (device.*sum.counter) total = total.value_or(0) + *(device.*sum.counter);
    set_or_unset(sample, sum.field, total);
  }
}

template <std::size_t N>
void clear(Devices& devices, const std::array<OpCounter, N>& counters) {
  for (DeviceIo& device : devices)
    for (const OpCounter& each : counters) (device.*each.counter).reset();
}

template <std::size_t N>
Result<> put_blkio(std::string_view text, const std::array<OpCounter, N>& counters,
                   Devices& devices) {
  clear(devices, counters);
  BlkioLines lines(text);
  while (const std::optional<BlkioEntry> entry = PLIMSOLL_TRY(lines.next()))
    for (const OpCounter& each : counters)
      if (each.op == entry->op)
        device_of(devices, entry->major, entry->minor).*each.counter = entry->value;
  std::erase_if(devices, is_empty);
  return {};
}

template <std::size_t N>
void drop_blkio(const std::array<OpCounter, N>& counters, Devices& devices) {
  clear(devices, counters);
  std::erase_if(devices, is_empty);
}

}  // namespace

Result<> put_io_service_bytes(std::string_view text, const PutContext&, CgroupSample& sample) {
  PLIMSOLL_TRY(put_blkio(text, kServiceBytes, sample.devices));
  add_up(sample.devices, kByteSums, std::nullopt, sample);
  return {};
}

void drop_io_service_bytes(CgroupSample& sample) {
  drop_blkio(kServiceBytes, sample.devices);
  add_up(sample.devices, kByteSums, std::nullopt, sample);
}

Result<> put_io_serviced(std::string_view text, const PutContext&, CgroupSample& sample) {
  PLIMSOLL_TRY(put_blkio(text, kServiced, sample.devices));
  add_up(sample.devices, kCountSums, std::nullopt, sample);
  return {};
}

void drop_io_serviced(CgroupSample& sample) {
  drop_blkio(kServiced, sample.devices);
  add_up(sample.devices, kCountSums, std::nullopt, sample);
}

Result<> put_io_merged(std::string_view text, const PutContext&, CgroupSample& sample) {
  return put_blkio(text, kMerged, sample.devices);
}

void drop_io_merged(CgroupSample& sample) {
  drop_blkio(kMerged, sample.devices);
}

Result<> put_io_queued(std::string_view text, const PutContext&, CgroupSample& sample) {
  return put_blkio(text, kQueued, sample.devices);
}

void drop_io_queued(CgroupSample& sample) {
  drop_blkio(kQueued, sample.devices);
}

Result<> put_io_service_time(std::string_view text, const PutContext&, CgroupSample& sample) {
  return put_blkio(text, kServiceTime, sample.devices);
}

void drop_io_service_time(CgroupSample& sample) {
  drop_blkio(kServiceTime, sample.devices);
}

Result<> put_io_wait_time(std::string_view text, const PutContext&, CgroupSample& sample) {
  return put_blkio(text, kWaitTime, sample.devices);
}

void drop_io_wait_time(CgroupSample& sample) {
  drop_blkio(kWaitTime, sample.devices);
}

Result<> put_sectors(std::string_view text, const PutContext&, CgroupSample& sample) {
  return put_blkio(text, kSectors, sample.devices);
}

void drop_sectors(CgroupSample& sample) {
  drop_blkio(kSectors, sample.devices);
}

Result<> put_io_stat(std::string_view text, const PutContext&, CgroupSample& sample) {
  const auto ns = [](std::optional<std::uint64_t> usec) {
    return usec ? std::optional(usec_to_ns(*usec)) : std::nullopt;
  };
  for (DeviceIo& device : sample.devices)
    for (const Counter counter : kIoStat) (device.*counter).reset();
  IoStatLines lines(text);
  while (const std::optional<IoStat> stat = PLIMSOLL_TRY(lines.next())) {
    DeviceIo& device = device_of(sample.devices, stat->major, stat->minor);
    device.read_bytes = stat->rbytes;
    device.write_bytes = stat->wbytes;
    device.discard_bytes = stat->dbytes;
    device.reads = stat->rios;
    device.writes = stat->wios;
    device.discards = stat->dios;
    device.cost_usage_ns = ns(stat->cost_usage);
    device.cost_wait_ns = ns(stat->cost_wait);
    device.cost_indebt_ns = ns(stat->cost_indebt);
    device.cost_indelay_ns = ns(stat->cost_indelay);
  }
  std::erase_if(sample.devices, is_empty);
  add_up(sample.devices, kByteSums, 0, sample);
  add_up(sample.devices, kCountSums, 0, sample);
  return {};
}

void drop_io_stat(CgroupSample& sample) {
  for (DeviceIo& device : sample.devices)
    for (const Counter counter : kIoStat) (device.*counter).reset();
  std::erase_if(sample.devices, is_empty);
  add_up(sample.devices, kByteSums, std::nullopt, sample);
  add_up(sample.devices, kCountSums, std::nullopt, sample);
}

}  // namespace plimsoll::cgroupfs
