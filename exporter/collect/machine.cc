#include "exporter/collect/machine.h"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/number.h"
#include "base/open_in_root.h"
#include "base/read_file.h"
#include "base/text.h"
#include "exporter/collect/machine_parse.h"
#include "exporter/collect/sysfs_text.h"

namespace plimsoll::exporter {

namespace {

// Text below the host's root: etc/os-release is a symbolic link nearly everywhere.
std::string text_in_root(const DirFd& root, const char* name) {
  const Result<Fd> fd = open_in_root(root, name, O_RDONLY);
  if (!fd) return {};
  ReadBuffer buffer;
  const Result<std::string_view> text = buffer.read_all(*fd, name);
  return text ? std::string(*text) : std::string();
}

std::vector<CpuPlace> places_in_sysfs(const DirFd& sys, const std::vector<std::uint32_t>& online) {
  std::vector<CpuPlace> places;
  for (const std::uint32_t cpu : online) {
    const std::string base = "devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/";
    const auto number = [&](const char* name) {
      return to_number<std::int64_t>(line_of(sys, base + name)).value_or(-1);
    };
    const CpuPlace place{number("physical_package_id"), number("die_id"), number("core_id"),
                         number("book_id"), number("drawer_id")};
    if (place != CpuPlace{}) places.push_back(place);
  }
  return places;
}

template <class Key>
std::uint32_t count_distinct(const std::vector<CpuPlace>& places, Key key) {
  std::set<decltype(key(places.front()))> distinct;
  for (const CpuPlace& place : places) distinct.insert(key(place));
  return static_cast<std::uint32_t>(distinct.size());
}

void fill_topology(MachineInfo& info, const std::vector<CpuPlace>& places) {
  if (places.empty()) return;
  info.sockets = count_distinct(places, [](const CpuPlace& p) { return p.package; });
  // core_id repeats per die on some older kernels and CPUs.
  info.physical_cores = count_distinct(
      places, [](const CpuPlace& p) { return std::tuple(p.package, p.die, p.core); });
  const auto has = [&](auto member) {
    return std::ranges::any_of(places, [&](const CpuPlace& p) { return p.*member >= 0; });
  };
  if (has(&CpuPlace::drawer))
    info.drawers = count_distinct(places, [](const CpuPlace& p) { return p.drawer; });
  if (has(&CpuPlace::book))
    info.books =
        count_distinct(places, [](const CpuPlace& p) { return std::tuple(p.drawer, p.book); });
}

void fill_cpus(MachineInfo& info, const DirFd& proc, const DirFd& sys, std::uint32_t stat_cpus) {
  const auto online = parse_cpu_list(line_of(sys, "devices/system/cpu/online"));
  const bool known = online && !online->empty();
  info.cores = known ? static_cast<std::uint32_t>(online->size()) : stat_cpus;
  if (known) fill_topology(info, places_in_sysfs(sys, *online));
  if (info.physical_cores > 0) return;
  ReadBuffer buffer;
  const Result<std::string_view> cpuinfo = buffer.read_at(proc, "cpuinfo");
  if (cpuinfo) fill_topology(info, parse_cpuinfo(*cpuinfo));
}

// EDAC: devices/system/edac/mc/mc0/dimm0/{dimm_mem_type,size}; the size is in MiB.
std::vector<MachineInfo::Dimm> read_dimms(const DirFd& sys) {
  const std::string base = "devices/system/edac/mc";
  std::map<std::string, MachineInfo::Dimm> by_type;
  for (const std::string& mc : names_in(sys, base, "mc")) {
    const std::string controller = base + "/" + mc;
    for (const std::string& dimm : names_in(sys, controller, "dimm")) {
      const std::string dir = controller + "/" + dimm;
      const std::string type = line_of(sys, dir + "/dimm_mem_type");
      const auto mebibytes = to_number<std::uint64_t>(line_of(sys, dir + "/size"));
      if (type.empty() || !mebibytes) continue;
      MachineInfo::Dimm& sum = by_type[type];
      sum.type = type;
      ++sum.count;
      sum.bytes += *mebibytes << 20;
    }
  }
  std::vector<MachineInfo::Dimm> dimms;
  dimms.reserve(by_type.size());
  for (auto& [type, dimm] : by_type) dimms.push_back(std::move(dimm));
  return dimms;
}

std::string read_system_uuid(const DirFd& proc, const DirFd& sys, const std::string& machine_id) {
  const Result<std::string> dmi = read_file_at(sys, "class/dmi/id/product_uuid", 4096);
  if (dmi) return std::string(trim(*dmi));
  // Denied is not "there is none": another value would change with our privileges.
  if (dmi.error().kind == ErrorKind::kDenied) return {};
  for (const char* name : {"device-tree/system-id", "device-tree/vm,uuid"})
    if (std::string id = line_of(proc, name); !id.empty()) return id;
  return machine_id;
}

// Persistent memory in regions of its own: bus/nd/devices/region0/{devtype,size}. What firmware
// uses as ordinary memory ("memory mode") and the power budget are in no file of the kernel's.
std::optional<std::uint64_t> read_persistent_memory(const DirFd& sys) {
  const std::string base = "bus/nd/devices";
  std::optional<std::uint64_t> bytes;
  for (const std::string& name : names_in(sys, base, "region")) {
    // Links into the device tree; resolving them is the kernel's business.
    if (line_of(sys, base + "/" + name + "/devtype") != "nd_pmem") continue;
    const auto size = number_of(sys, base + "/" + name + "/size");
    if (size) bytes = bytes.value_or(0) + *size;
  }
  return bytes;
}

// The first of the files, below the host's root, that is not empty.
std::string first_line_of(const Result<DirFd>& root, const std::vector<std::string>& files) {
  for (const std::string& file : files) {
    const std::size_t start = file.find_first_not_of('/');
    if (!root || start == std::string::npos) continue;
    std::string text(trim(text_in_root(*root, file.c_str() + start)));
    if (!text.empty()) return text;
  }
  return {};
}

void fill_identity(MachineInfo& info, const DirFd& proc, const DirFd& sys,
                   const MachineOptions& options) {
  const std::string& host_root = options.host_root;
  const Result<DirFd> root = open_dir(host_root.empty() ? "/" : host_root.c_str());
  const auto rooted = [&](const char* name) {
    return root ? text_in_root(*root, name) : std::string();
  };
  info.machine_id = first_line_of(root, options.files.machine_id);
  info.os_version = parse_pretty_name(rooted("etc/os-release"));
  if (info.os_version.empty()) info.os_version = parse_pretty_name(rooted("usr/lib/os-release"));
  // /proc/sys/kernel/hostname answers for the reader's UTS namespace: in a container with the host
  // mounted that is the container's name.
  if (!host_root.empty()) info.hostname = trim(rooted("etc/hostname"));
  if (info.hostname.empty()) info.hostname = line_of(proc, "sys/kernel/hostname");
  info.boot_id = first_line_of(root, options.files.boot_id);
  if (info.boot_id.empty()) info.boot_id = line_of(proc, "sys/kernel/random/boot_id");
  info.kernel_version = line_of(proc, "sys/kernel/osrelease");
  info.system_uuid = read_system_uuid(proc, sys, info.machine_id);
}

}  // namespace

Result<MachineInfo> read_machine(const DirFd& proc, const DirFd& sys,
                                 const MachineOptions& options) {
  ReadBuffer buffer;
  MachineInfo info;
  const MemInfo memory =
      PLIMSOLL_TRY(in("meminfo", parse_meminfo(PLIMSOLL_TRY(buffer.read_at(proc, "meminfo")))));
  info.memory_bytes = memory.total_bytes.value_or(0);
  info.swap_bytes = memory.swap_total_bytes.value_or(0);
  const StatFacts stat =
      PLIMSOLL_TRY(in("stat", parse_stat_facts(PLIMSOLL_TRY(buffer.read_at(proc, "stat")))));
  info.boot_time_seconds = stat.btime.value_or(0);
  fill_cpus(info, proc, sys, stat.cpus);
  fill_identity(info, proc, sys, options);
  info.dimms = read_dimms(sys);
  info.persistent_memory_bytes = read_persistent_memory(sys);
  if (options.topology) info.topology = read_topology(sys, info.memory_bytes);
  if (const long size = ::sysconf(_SC_PAGESIZE); size > 0)
    info.page_size = static_cast<std::uint64_t>(size);
  return info;
}

}  // namespace plimsoll::exporter
