#include "exporter/collect/disk_survey.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/open_in_root.h"
#include "exporter/collect/diskstats.h"

namespace plimsoll::exporter {

namespace {

using std::chrono::nanoseconds;

// Walks under way at once: a small layer does not wait for a huge one to end.
constexpr std::size_t kAtOnce = 4;

Result<Capacity> capacity_of(const Fd& fd, std::string_view path) {
  struct statvfs info{};
  if (::fstatvfs(fd.get(), &info) != 0) return os_failure("fstatvfs", path);
  return Capacity{.total = info.f_blocks * info.f_frsize,
                  .free = info.f_bfree * info.f_frsize,
                  .available = info.f_bavail * info.f_frsize,
                  .inodes = info.f_files,
                  .inodes_free = info.f_ffree};
}

struct DeviceNumber {
  std::uint32_t major = 0, minor = 0;
  bool operator==(const DeviceNumber&) const = default;
};

std::optional<DeviceNumber> device_of(const Fd& fd) {
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) return std::nullopt;
  return DeviceNumber{major(info.st_dev), minor(info.st_dev)};
}

void set_capacity(FilesystemUsage& usage, const Capacity& capacity) {
  usage.limit_bytes = capacity.total;
  usage.available_bytes = capacity.available;
  if (capacity.inodes == 0) return;
  usage.inodes_total = capacity.inodes;
  usage.inodes_free = capacity.inodes_free;
}

void set_io(FilesystemUsage& usage, const DiskStats& disk) {
  constexpr std::uint64_t kNsPerMs = 1'000'000;
  usage.reads = disk.reads;
  usage.reads_merged = disk.reads_merged;
  usage.sectors_read = disk.sectors_read;
  usage.read_time_ns = disk.ms_reading * kNsPerMs;
  usage.writes = disk.writes;
  usage.writes_merged = disk.writes_merged;
  usage.sectors_written = disk.sectors_written;
  usage.write_time_ns = disk.ms_writing * kNsPerMs;
  usage.io_in_progress = disk.io_in_progress;
  usage.io_time_ns = disk.io_ms * kNsPerMs;
  usage.weighted_io_time_ns = disk.weighted_io_ms * kNsPerMs;
}

// stat's device number of a btrfs or zfs file is that of its subvolume, not of the mount.
bool has_one_number(std::string_view type) {
  return type != "btrfs" && type != "zfs";
}

// "/dev/root" is what the kernel calls a root it mounted itself; there is no such device.
bool is_device_path(std::string_view source) {
  return source.starts_with("/dev/") && source != "/dev/root";
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos || slash == 0 ? std::string() : path.substr(0, slash);
}

}  // namespace

bool has_own_quota(const Capacity& layer, const Capacity& all_layers) {
  return layer.total != all_layers.total || layer.inodes != all_layers.inodes;
}

DiskSurvey::DiskSurvey(DirFd proc, const Clock& clock, FilesystemOptions options)
    : proc_(std::move(proc)),
      clock_(clock),
      options_(std::move(options)),
      root_(open_dir(options_.host_root.empty() ? "/" : options_.host_root.c_str())) {}

void DiskSurvey::want(const std::vector<LayerRequest>& requests) {
  std::set<std::uint64_t> wanted;
  for (const LayerRequest& request : requests) {
    if (request.upper_dir.empty()) continue;
    wanted.insert(request.serial);
    Layer& layer = layers_[request.serial];
    const bool same =
        layer.request.upper_dir == request.upper_dir && layer.request.log_path == request.log_path;
    if (!same) layer = Layer{.request = request, .due = {}, .usage = {}};
  }
  const auto unwanted = [&](std::uint64_t serial) { return !wanted.contains(serial); };
  std::erase_if(measuring_, [&](const Measurement& m) { return unwanted(m.serial); });
  std::erase_if(queue_, unwanted);
  if (std::erase_if(layers_, [&](const auto& item) { return unwanted(item.first); }) > 0)
    changed_ = true;
}

nanoseconds DiskSurvey::step(const std::function<bool()>& stopped) {
  const MonoTime begin = clock_.now();
  if (!host_at_ || begin - *host_at_ >= options_.host_interval) survey_host(stopped);
  queue_due(begin);
  const TreeWalk::Expired expired = [&] {
    return stopped() || clock_.now() - begin >= options_.walk_budget;
  };
  start_queued(stopped);
  while (!measuring_.empty() && !expired()) {
    Measurement measurement = std::move(measuring_.front());
    measuring_.pop_front();
    if (!advance(measurement, expired)) {
      measuring_.push_back(std::move(measurement));
      break;
    }
    if (stopped()) return {};
    finish(measurement);
    start_queued(stopped);
  }
  if (stopped()) return {};
  if (changed_) publish();
  const MonoTime end = clock_.now();
  // What was used is paid for with rest, in the proportion of the options: many small layers must
  // not take more than one large one.
  const double share = static_cast<double>((end - begin).count()) /
                       static_cast<double>(std::max<std::int64_t>(1, options_.walk_budget.count()));
  const nanoseconds rest(static_cast<std::int64_t>(
      std::min(1.0, share) * static_cast<double>(options_.walk_pause.count())));
  if (!measuring_.empty()) return std::max(rest, options_.walk_pause);
  return std::max(rest, next_due() - end);
}

void DiskSurvey::survey_host(const std::function<bool()>& stopped) {
  read_mounts();
  std::vector<FilesystemUsage> host;
  for (const MountGroup& group : group_host_mounts(mounts_)) {
    if (stopped()) return;
    if (std::optional<FilesystemUsage> usage = ask(group)) host.push_back(*std::move(usage));
  }
  std::ranges::sort(host, {}, &FilesystemUsage::device);
  changed_ = changed_ || host != host_;
  host_ = std::move(host);
  if (!stopped()) host_at_ = clock_.now();
}

// As the host's init sees them, else as we do. Kept as they were when they cannot be read.
void DiskSurvey::read_mounts() {
  for (const char* name : {"1/mountinfo", "self/mountinfo"}) {
    const Result<std::string_view> text = buffer_.read_at(proc_, name);
    if (!text) continue;
    Result<std::vector<Mount>> mounts = parse_mounts(*text);
    if (!mounts) continue;
    mounts_ = *std::move(mounts);
    break;
  }
  const Result<std::string_view> text = buffer_.read_at(proc_, "diskstats");
  Result<std::vector<DiskStats>> disks =
      text ? parse_diskstats(*text) : std::unexpected(text.error());
  disks_ = disks ? *std::move(disks) : std::vector<DiskStats>();
}

const DiskStats* DiskSurvey::disk_of(const Mount& mount) const {
  std::uint32_t disk_major = mount.major;
  std::uint32_t disk_minor = mount.minor;
  // Major 0 is a number made up for the mount (btrfs): its device's own has the statistics.
  if (mount.major == 0 && root_ && is_device_path(mount.source)) {
    const Result<Fd> device = open_in_root(*root_, mount.source, O_PATH);
    struct stat info{};
    if (!device || ::fstat(device->get(), &info) != 0 || !S_ISBLK(info.st_mode)) return nullptr;
    disk_major = major(info.st_rdev);
    disk_minor = minor(info.st_rdev);
  }
  const auto disk = std::ranges::find_if(
      disks_, [&](const DiskStats& d) { return d.major == disk_major && d.minor == disk_minor; });
  return disk == disks_.end() ? nullptr : &*disk;
}

std::string DiskSurvey::name_of(const Mount& mount) const {
  const bool nameless =
      mount.type != "tmpfs" && mount.type != "zfs" && !is_device_path(mount.source);
  const DiskStats* disk = nameless ? disk_of(mount) : nullptr;
  return disk == nullptr ? device_name(mount) : "/dev/" + disk->name;
}

std::optional<FilesystemUsage> DiskSurvey::ask(const MountGroup& group) const {
  if (!root_) return std::nullopt;
  for (const Mount& mount : group.mounts) {
    const Result<Fd> point = open_in_root(*root_, mount.point, O_PATH);
    if (!point) continue;
    // Something else may lie over it, or our own namespace may show another file system there.
    const std::optional<DeviceNumber> number = device_of(*point);
    if (has_one_number(mount.type) && number != DeviceNumber{mount.major, mount.minor}) continue;
    const Result<Capacity> capacity = capacity_of(*point, mount.point);
    if (!capacity || capacity->total == 0) continue;
    FilesystemUsage usage;
    usage.device = name_of(mount);
    usage.type = mount.type;
    usage.mountpoint = mount.point;
    set_capacity(usage, *capacity);
    usage.usage_bytes = capacity->total - capacity->free;
    if (usage.inodes_total) usage.inodes_used = capacity->inodes - capacity->inodes_free;
    const DiskStats* disk = mount.type == "tmpfs" ? nullptr : disk_of(mount);
    if (disk != nullptr) set_io(usage, *disk);
    return usage;
  }
  return std::nullopt;
}

void DiskSurvey::queue_due(MonoTime now) {
  std::vector<std::pair<MonoTime, std::uint64_t>> due;
  for (auto& [serial, layer] : layers_) {
    if (layer.due > now) continue;
    due.emplace_back(layer.due, serial);
    layer.due = MonoTime::max();  // Until it is finished.
  }
  std::ranges::sort(due);
  for (const auto& [since, serial] : due) queue_.push_back(serial);
}

void DiskSurvey::start_queued(const std::function<bool()>& stopped) {
  while (measuring_.size() < kAtOnce && !queue_.empty() && !stopped()) {
    Layer& layer = layers_.at(queue_.front());
    queue_.pop_front();
    std::optional<Measurement> measurement = start(layer);
    if (measurement) {
      measuring_.push_back(*std::move(measurement));
      continue;
    }
    // Not there (any more), not ours to read, or not on a local disk: absent, and tried again.
    changed_ = changed_ || layer.usage.has_value();
    layer.usage.reset();
    if (!stopped()) layer.due = clock_.now() + options_.layer_interval;
  }
}

std::optional<DiskSurvey::Measurement> DiskSurvey::start(const Layer& layer) {
  const std::string& path = layer.request.upper_dir;
  const Mount* mount = mount_of(mounts_, path);
  if (mount == nullptr || !is_local_type(mount->type) || !root_) return std::nullopt;
  Result<Fd> top = open_in_root(*root_, path, O_RDONLY | O_DIRECTORY);
  if (!top && top.error().kind == ErrorKind::kDenied) ++denied_;
  if (!top) return std::nullopt;
  const Result<Capacity> capacity = capacity_of(*top, path);
  if (!capacity) return std::nullopt;
  Measurement measurement;
  measurement.serial = layer.request.serial;
  FilesystemUsage& usage = measurement.usage;
  usage.device = name_of(*mount);
  usage.type = mount->type;
  set_capacity(usage, *capacity);
  const Fd all_layers(::openat(top->get(), "../..", O_PATH | O_DIRECTORY | O_CLOEXEC));
  const Result<Capacity> around = capacity_of(all_layers, path);
  if (around && device_of(all_layers) == device_of(*top) && has_own_quota(*capacity, *around)) {
    usage.usage_bytes = capacity->total - capacity->free;
    if (usage.inodes_total) usage.inodes_used = capacity->inodes - capacity->inodes_free;
  } else {
    measurement.layer.emplace(*std::move(top));
  }
  const std::string log_directory = directory_of(layer.request.log_path);
  const Mount* log_mount = log_directory.empty() ? nullptr : mount_of(mounts_, log_directory);
  if (log_mount != nullptr && is_local_type(log_mount->type)) {
    Result<Fd> log = open_in_root(*root_, log_directory, O_RDONLY | O_DIRECTORY);
    if (log)
      measurement.log.emplace(*std::move(log));
    else if (log.error().kind == ErrorKind::kDenied)
      ++denied_;
  }
  return measurement;
}

bool DiskSurvey::advance(Measurement& measurement, const TreeWalk::Expired& expired) {
  for (std::optional<TreeWalk>* walk : {&measurement.layer, &measurement.log})
    if (*walk && (*walk)->step(expired) == TreeWalk::Step::kMore) return false;
  return true;
}

void DiskSurvey::finish(const Measurement& measurement) {
  Layer& layer = layers_.at(measurement.serial);
  FilesystemUsage usage = measurement.usage;
  bool whole = true;
  if (measurement.layer) {
    usage.usage_bytes = measurement.layer->bytes();
    usage.inodes_used = measurement.layer->inodes();
    walked_files_ += measurement.layer->inodes();
    denied_ += measurement.layer->denied();
    whole = measurement.layer->denied() == 0;
  }
  if (measurement.log) {
    usage.usage_bytes += measurement.log->bytes();
    walked_files_ += measurement.log->inodes();
    denied_ += measurement.log->denied();
  }
  std::optional<FilesystemUsage> known;
  // A layer that could be read in part only has no size: too small a number looks like a fact.
  if (whole) known = std::move(usage);
  changed_ = changed_ || layer.usage != known;
  layer.usage = std::move(known);
  layer.due = clock_.now() + options_.layer_interval;
}

void DiskSurvey::publish() {
  auto results = std::make_shared<FilesystemCollector::Results>();
  results->host = host_;
  for (const auto& [serial, layer] : layers_)
    if (layer.usage) results->layers.emplace(serial, *layer.usage);
  results_ = std::move(results);
  changed_ = false;
}

MonoTime DiskSurvey::next_due() const {
  MonoTime next = host_at_.value_or(MonoTime{}) + options_.host_interval;
  for (const auto& [serial, layer] : layers_) next = std::min(next, layer.due);
  return next;
}

FilesystemStats DiskSurvey::stats() const {
  FilesystemStats stats;
  stats.layers = layers_.size();
  stats.waiting = static_cast<std::size_t>(
      std::ranges::count_if(layers_, [](const auto& item) { return !item.second.usage; }));
  stats.walked_files = walked_files_;
  stats.denied = denied_;
  return stats;
}

}  // namespace plimsoll::exporter
