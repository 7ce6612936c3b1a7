// Group disk: file systems of the host, writable layers of containers.
#include "exporter/metrics/family.h"

namespace plimsoll::exporter {

namespace {

// `value` gives the number of one file system, or nothing.
template <class Value>
void write_each(FamilyWriter& out, const Context& context, Value value) {
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    const FilesystemUsage* previous = nullptr;  // Sorted by device: equal ones stand together.
    for (const FilesystemUsage& fs : context.snapshot.filesystems.of(row)) {
      const bool repeated = previous != nullptr && previous->device == fs.device;
      previous = &fs;
      const std::optional<std::uint64_t> number = value(fs);
      if (repeated || !number) continue;
      out.count(labels, *number, {{"device", fs.device}});
    }
  });
}

void write_limit(FamilyWriter& out, const Context& context) {
  write_each(out, context, [](const FilesystemUsage& fs) {
    return fs.limit_bytes != 0 ? std::optional(fs.limit_bytes) : std::nullopt;
  });
}

void write_usage(FamilyWriter& out, const Context& context) {
  write_each(out, context, [](const FilesystemUsage& fs) { return std::optional(fs.usage_bytes); });
}

void write_inodes_total(FamilyWriter& out, const Context& context) {
  write_each(out, context, [](const FilesystemUsage& fs) { return fs.inodes_total; });
}

void write_inodes_free(FamilyWriter& out, const Context& context) {
  write_each(out, context, [](const FilesystemUsage& fs) { return fs.inodes_free; });
}

constexpr auto kGauge = FamilyType::kGauge;
constexpr std::string_view kStatfs = "statfs; containers: project quota or a walk of the layer";

constexpr Family kFamilies[] = {
    {{"container_fs_limit_bytes", kGauge, "bytes", Group::kDisk, "device",
      "Size of the file system, or the container's quota on it.", "statfs, project quota",
      "statfs, project quota", ""},
     write_limit},
    {{"container_fs_usage_bytes", kGauge, "bytes", Group::kDisk, "device",
      "Bytes used: by the container's writable layer and log, for the host by all.", kStatfs,
      kStatfs, "Also for containerd, CRI-O and podman, where cAdvisor has none or few."},
     write_usage},
    {{"container_fs_inodes_total", kGauge, "", Group::kDisk, "device", "Inodes of the file system.",
      "statfs", "statfs", "cAdvisor gives the inodes used by the container here."},
     write_inodes_total},
    {{"container_fs_inodes_free", kGauge, "", Group::kDisk, "device",
      "Free inodes of the file system.", "statfs", "statfs", "cAdvisor gives 0 for containers."},
     write_inodes_free},
};

}  // namespace

std::span<const Family> families_disk() {
  return kFamilies;
}

}  // namespace plimsoll::exporter
