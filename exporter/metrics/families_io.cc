// Group diskIO: the cgroup's IO per device; for the host's row also /proc/diskstats of its file
// systems.
#include <algorithm>
#include <type_traits>

#include "exporter/metrics/device_label.h"

namespace plimsoll::exporter {

namespace {

using cgroupfs::DeviceIo;

bool is_device(const Context& context, const DeviceIo& io, std::string_view label) {
  const BlockDevices* names = context.snapshot.block_devices.get();
  constexpr std::string_view kDev = "/dev/";
  return names != nullptr && label.starts_with(kDev) &&
         label.substr(kDev.size()) == names->name(io.major, io.minor);
}

enum class As { kNumber, kSeconds };

template <As kAs>
void print(FamilyWriter& out, std::string_view labels, std::uint64_t value, const Label& device) {
  if constexpr (kAs == As::kSeconds)
    out.seconds(labels, value, {device});
  else
    out.count(labels, value, {device});
}

constexpr std::optional<std::uint64_t> DeviceIo::* kNotInCgroup = nullptr;
constexpr std::optional<std::uint64_t> FilesystemUsage::* kNotInDiskstats = nullptr;
constexpr std::uint64_t kSectorBytes = 512;  // Whatever the device's own sector size is.

// The diskstats of the host's file systems, then the cgroup's devices but those shown already. For
// the host's row diskstats are the better source: v1's root group misses IO (seen on Linux 6.18:
// 65 MB read of 2.5 GB).
template <std::optional<std::uint64_t> DeviceIo::* kCgroup,
          std::optional<std::uint64_t> FilesystemUsage::* kDiskstats, As kAs = As::kNumber,
          std::uint64_t kFactor = 1>
void write_io(FamilyWriter& out, const Context& context) {
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    const std::span<const FilesystemUsage> disks = kDiskstats != nullptr
                                                       ? context.snapshot.filesystems.of(row)
                                                       : std::span<const FilesystemUsage>();
    if constexpr (kDiskstats != nullptr) {
      std::string_view previous;  // Sorted by device: equal ones stand together.
      for (const FilesystemUsage& fs : disks) {
        if (!(fs.*kDiskstats) || fs.device == previous) continue;
        previous = fs.device;
        print<kAs>(out, labels, *(fs.*kDiskstats) * kFactor, {"device", fs.device});
      }
    }
    if constexpr (kCgroup != nullptr) {
      for (const DeviceIo& io : context.snapshot.devices.of(row)) {
        if (!(io.*kCgroup)) continue;
        const bool shown = std::ranges::any_of(disks, [&](const FilesystemUsage& fs) {
          if constexpr (kDiskstats != nullptr)
            return (fs.*kDiskstats).has_value() && is_device(context, io, fs.device);
          else
            return false;
        });
        if (!shown)
          print<kAs>(out, labels, *(io.*kCgroup), DeviceLabel(context, io.major, io.minor).label());
      }
    }
  });
}

struct Operation {
  std::string_view name;
  std::optional<std::uint64_t> DeviceIo::* bytes;
};

void write_blkio(FamilyWriter& out, const Context& context) {
  static constexpr Operation kOperations[] = {
      {"Async", &DeviceIo::async_bytes}, {"Discard", &DeviceIo::discard_bytes},
      {"Read", &DeviceIo::read_bytes},   {"Sync", &DeviceIo::sync_bytes},
      {"Total", &DeviceIo::total_bytes}, {"Write", &DeviceIo::write_bytes}};
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    for (const DeviceIo& io : context.snapshot.devices.of(row)) {
      char major[kMaxNumber];
      char minor[kMaxNumber];
      const std::string_view major_text(major, put_unsigned(major, io.major));
      const std::string_view minor_text(minor, put_unsigned(minor, io.minor));
      const DeviceLabel device(context, io.major, io.minor);
      for (const auto& [name, bytes] : kOperations)
        if (io.*bytes)
          out.count(
              labels, *(io.*bytes),
              {device.label(), {"major", major_text}, {"minor", minor_text}, {"operation", name}});
    }
  });
}

using Fs = FilesystemUsage;
constexpr auto kCounter = FamilyType::kCounter;
constexpr auto kGauge = FamilyType::kGauge;
constexpr std::string_view kHostOnly =
    "From diskstats on the host's row only: cAdvisor repeats the host's numbers in every "
    "container. Any device, not only sd, vd, xvd and dm.";
constexpr std::string_view kTimeFixed =
    "Host's row: diskstats counts milliseconds; cAdvisor's value is a million times too small.";

constexpr std::string_view kHostBytes =
    "Host's row: sectors of diskstats for devices with a file system, since v1's root group misses "
    "IO.";

constexpr Family kFamilies[] = {
    {{"container_fs_reads_bytes_total", kCounter, "bytes", Group::kDiskIo, "device",
      "Bytes read from the device.",
      "blkio.[throttle.|bfq.]io_service_bytes_recursive: Read; host: diskstats",
      "io.stat: rbytes; host: diskstats", kHostBytes},
     write_io<&DeviceIo::read_bytes, &Fs::sectors_read, As::kNumber, kSectorBytes>},
    {{"container_fs_reads_total", kCounter, "", Group::kDiskIo, "device", "Reads completed.",
      "blkio.[throttle.|bfq.]io_serviced_recursive: Read; host: diskstats",
      "io.stat: rios; host: diskstats", kHostOnly},
     write_io<&DeviceIo::reads, &Fs::reads>},
    {{"container_fs_sector_reads_total", kCounter, "", Group::kDiskIo, "device", "Sectors read.",
      "host: diskstats", "host: diskstats", kHostOnly},
     write_io<kNotInCgroup, &Fs::sectors_read>},
    {{"container_fs_reads_merged_total", kCounter, "", Group::kDiskIo, "device",
      "Reads merged with another before they were issued.",
      "blkio.bfq.io_merged_recursive: Read; host: diskstats", "host: diskstats", kHostOnly},
     write_io<&DeviceIo::reads_merged, &Fs::reads_merged>},
    {{"container_fs_read_seconds_total", kCounter, "seconds", Group::kDiskIo, "device",
      "Time spent reading.", "blkio.bfq.io_service_time_recursive: Read; host: diskstats",
      "host: diskstats", kTimeFixed},
     write_io<&DeviceIo::read_time_ns, &Fs::read_time_ns, As::kSeconds>},
    {{"container_fs_writes_bytes_total", kCounter, "bytes", Group::kDiskIo, "device",
      "Bytes written to the device.",
      "blkio.[throttle.|bfq.]io_service_bytes_recursive: Write; host: diskstats",
      "io.stat: wbytes; host: diskstats", kHostBytes},
     write_io<&DeviceIo::write_bytes, &Fs::sectors_written, As::kNumber, kSectorBytes>},
    {{"container_fs_writes_total", kCounter, "", Group::kDiskIo, "device", "Writes completed.",
      "blkio.[throttle.|bfq.]io_serviced_recursive: Write; host: diskstats",
      "io.stat: wios; host: diskstats", kHostOnly},
     write_io<&DeviceIo::writes, &Fs::writes>},
    {{"container_fs_sector_writes_total", kCounter, "", Group::kDiskIo, "device",
      "Sectors written.", "host: diskstats", "host: diskstats", kHostOnly},
     write_io<kNotInCgroup, &Fs::sectors_written>},
    {{"container_fs_writes_merged_total", kCounter, "", Group::kDiskIo, "device",
      "Writes merged with another before they were issued.",
      "blkio.bfq.io_merged_recursive: Write; host: diskstats", "host: diskstats", kHostOnly},
     write_io<&DeviceIo::writes_merged, &Fs::writes_merged>},
    {{"container_fs_write_seconds_total", kCounter, "seconds", Group::kDiskIo, "device",
      "Time spent writing.", "blkio.bfq.io_service_time_recursive: Write; host: diskstats",
      "host: diskstats", kTimeFixed},
     write_io<&DeviceIo::write_time_ns, &Fs::write_time_ns, As::kSeconds>},
    {{"container_fs_io_current", kGauge, "", Group::kDiskIo, "device", "IOs in progress.",
      "blkio.bfq.io_queued_recursive: Total; host: diskstats", "host: diskstats", kHostOnly},
     write_io<&DeviceIo::queued, &Fs::io_in_progress>},
    {{"container_fs_io_time_seconds_total", kCounter, "seconds", Group::kDiskIo, "device",
      "Time spent doing IO.", "blkio.bfq.io_service_time_recursive: Total; host: diskstats",
      "host: diskstats", kTimeFixed},
     write_io<&DeviceIo::service_time_ns, &Fs::io_time_ns, As::kSeconds>},
    {{"container_fs_io_time_weighted_seconds_total", kCounter, "seconds", Group::kDiskIo, "device",
      "Time spent doing IO, times the IOs in progress.", "host: diskstats", "host: diskstats",
      kTimeFixed},
     write_io<kNotInCgroup, &Fs::weighted_io_time_ns, As::kSeconds>},
    {{"container_fs_io_cost_usage_seconds_total", kCounter, "seconds", Group::kDiskIo, "device",
      "Device time used by the io.cost model.", "-", "io.stat: cost.usage", ""},
     write_io<&DeviceIo::cost_usage_ns, kNotInDiskstats, As::kSeconds>},
    {{"container_fs_io_cost_wait_seconds_total", kCounter, "seconds", Group::kDiskIo, "device",
      "Time IO waited under the io.cost model.", "-", "io.stat: cost.wait", ""},
     write_io<&DeviceIo::cost_wait_ns, kNotInDiskstats, As::kSeconds>},
    {{"container_fs_io_cost_indebt_seconds_total", kCounter, "seconds", Group::kDiskIo, "device",
      "Time in debt under the io.cost model.", "-", "io.stat: cost.indebt", ""},
     write_io<&DeviceIo::cost_indebt_ns, kNotInDiskstats, As::kSeconds>},
    {{"container_fs_io_cost_indelay_seconds_total", kCounter, "seconds", Group::kDiskIo, "device",
      "Time delayed under the io.cost model.", "-", "io.stat: cost.indelay", ""},
     write_io<&DeviceIo::cost_indelay_ns, kNotInDiskstats, As::kSeconds>},
    {{"container_blkio_device_usage_total", kCounter, "bytes", Group::kDiskIo,
      "device,major,minor,operation", "Bytes moved, by operation.",
      "blkio.[throttle.|bfq.]io_service_bytes_recursive", "io.stat: rbytes, wbytes, dbytes",
      "operation is Read, Write, Discard and, on v1, Sync, Async, Total. cAdvisor leaves Discard "
      "out on v2."},
     write_blkio},
};

}  // namespace

std::span<const Family> families_io() {
  return kFamilies;
}

}  // namespace plimsoll::exporter
