#include "exporter/cadvisor/machine_facts.h"

#include <dirent.h>

#include <algorithm>
#include <memory>

#include "base/number.h"
#include "base/read_file.h"
#include "base/text.h"

namespace plimsoll::exporter {

namespace {

std::string line_of(const DirFd& dir, const std::string& name) {
  const Result<std::string> text = read_file_at(dir, name.c_str(), std::size_t{64} << 10);
  return text ? std::string(trim(*text)) : std::string();
}

std::vector<std::string> names_in(const DirFd& sys, const char* path) {
  std::vector<std::string> names;
  Result<Fd> fd = open_at(sys, path, O_RDONLY | O_DIRECTORY);
  if (!fd) return names;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::fdopendir(fd->get()), &::closedir);
  if (!dir) return names;
  static_cast<void>(fd->release());  // closedir closes it.
  while (const dirent* entry = ::readdir(dir.get()))
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  std::ranges::sort(names);
  return names;
}

bool begins_with_any(std::string_view name, std::initializer_list<std::string_view> prefixes) {
  return std::ranges::any_of(prefixes, [&](std::string_view p) { return name.starts_with(p); });
}

// SYS/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages
std::vector<HugePageCount> read_hugepages(const DirFd& sys) {
  const std::string base = "kernel/mm/hugepages";
  std::vector<HugePageCount> counts;
  for (const std::string& name : names_in(sys, base.c_str())) {
    constexpr std::string_view kPrefix = "hugepages-";
    constexpr std::string_view kSuffix = "kB";
    if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) continue;
    const auto kib = to_number<std::uint64_t>(std::string_view(name).substr(
        kPrefix.size(), name.size() - kPrefix.size() - kSuffix.size()));
    const auto count = to_number<std::uint64_t>(line_of(sys, base + "/" + name + "/nr_hugepages"));
    if (kib && count) counts.push_back({*kib, *count});
  }
  std::ranges::sort(counts, {}, &HugePageCount::page_kib);
  return counts;
}

std::vector<DiskFact> read_disks(const DirFd& sys) {
  std::vector<DiskFact> disks;
  for (const std::string& name : names_in(sys, "block")) {
    if (begins_with_any(name, {"loop", "ram", "sr"})) continue;
    const std::string base = "block/" + name;
    const std::string number = line_of(sys, base + "/dev");
    const std::size_t colon = std::min(number.find(':'), number.size());
    const auto major = to_number<std::uint64_t>(std::string_view(number).substr(0, colon));
    const auto minor = to_number<std::uint64_t>(
        std::string_view(number).substr(std::min(colon + 1, number.size())));
    const auto sectors = to_number<std::uint64_t>(line_of(sys, base + "/size"));
    constexpr std::uint64_t kSectorBytes = 512;  // Whatever the device's own sector size is.
    if (!major || !minor || !sectors || *sectors == 0) continue;
    disks.push_back({name, *major, *minor, *sectors * kSectorBytes,
                     parse_scheduler(line_of(sys, base + "/queue/scheduler"))});
  }
  return disks;
}

std::vector<NetworkDeviceFact> read_network_devices(const DirFd& sys) {
  std::vector<NetworkDeviceFact> devices;
  for (const std::string& name : names_in(sys, "class/net")) {
    if (begins_with_any(name, {"lo", "veth", "docker", "nerdctl"})) continue;
    // Entries are links into devices/: the files in them are reached through the link.
    const std::string base = "class/net/" + name;
    NetworkDeviceFact device;
    device.name = name;
    device.mac_address = line_of(sys, base + "/address");
    if (device.mac_address.empty()) continue;
    const auto number = [&](const char* file) {
      return to_number<std::int64_t>(line_of(sys, base + "/" + file)).value_or(0);
    };
    device.mtu = number("mtu");
    device.speed = std::max<std::int64_t>(number("speed"), 0);  // -1: unknown.
    devices.push_back(std::move(device));
  }
  return devices;
}

// The hardware's limit where cpufreq knows it: cpuinfo has the frequency of this moment.
std::uint64_t max_frequency_khz(const DirFd& sys) {
  return to_number<std::uint64_t>(line_of(sys, "devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq"))
      .value_or(0);
}

}  // namespace

CpuinfoFacts parse_cpuinfo_facts(std::string_view text) {
  CpuinfoFacts facts;
  std::string_view line;
  while (next_line(text, line)) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view key = trim(line.substr(0, colon));
    const std::string_view value = trim(line.substr(colon + 1));
    if (key == "vendor_id" && facts.vendor_id.empty()) facts.vendor_id = value;
    if (key != "cpu MHz") continue;
    const std::optional<double> mhz = to_double(value);
    constexpr double kMost = 1e9;
    if (mhz && *mhz > 0 && *mhz < kMost)
      facts.frequency_khz =
          std::max(facts.frequency_khz, static_cast<std::uint64_t>(*mhz * 1000.0));
  }
  return facts;
}

std::string parse_scheduler(std::string_view text) {
  const std::size_t open = text.find('[');
  const std::size_t close = text.find(']');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open)
    return "none";
  return std::string(text.substr(open + 1, close - open - 1));
}

MachineFacts read_machine_facts(const DirFd& proc, const DirFd& sys) {
  MachineFacts facts;
  ReadBuffer buffer;
  if (const Result<std::string_view> text = buffer.read_at(proc, "cpuinfo")) {
    CpuinfoFacts cpu = parse_cpuinfo_facts(*text);
    facts.vendor_id = std::move(cpu.vendor_id);
    facts.frequency_khz = cpu.frequency_khz;
  }
  if (const std::uint64_t max = max_frequency_khz(sys); max > 0) facts.frequency_khz = max;
  facts.hugepages = read_hugepages(sys);
  facts.disks = read_disks(sys);
  facts.network_devices = read_network_devices(sys);
  return facts;
}

}  // namespace plimsoll::exporter
