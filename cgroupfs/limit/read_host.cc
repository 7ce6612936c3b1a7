#include "cgroupfs/limit/read_host.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string_view>

#include "base/number.h"
#include "base/read_file.h"
#include "base/text.h"

namespace plimsoll::limit {
namespace {

// The names in a directory of sysfs, symlinks among them; none when there is no such directory.
std::vector<std::string> names_in(const DirFd& sys, const char* path) {
  std::vector<std::string> names;
  const int fd = ::openat(sys.get(), path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return names;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::fdopendir(fd), ::closedir);
  if (dir == nullptr) {
    ::close(fd);
    return names;
  }
  // One thread reads this stream.
  while (const dirent* entry = ::readdir(dir.get()))  // NOLINT(concurrency-mt-unsafe)
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  return names;
}

// A small file, trimmed; nothing when it cannot be read.
std::optional<std::string> text_at(const DirFd& dir, const std::string& path) {
  auto text = read_file_at(dir, path.c_str(), 1 << 16);
  if (!text) return std::nullopt;
  return std::string(trim(*text));
}

// "none [mq-deadline] kyber bfq": the one in brackets works.
bool is_bfq(const std::optional<std::string>& scheduler) {
  return scheduler && scheduler->find("[bfq]") != std::string::npos;
}

std::vector<BlockDevice> block_devices(const DirFd& sys) {
  std::vector<BlockDevice> devices;
  for (const std::string& name : names_in(sys, "dev/block")) {
    const auto number = cgroupfs::parse_device_number(name);
    if (!number) continue;
    const std::string dir = "dev/block/" + name;
    devices.push_back({*number, ::faccessat(sys.get(), (dir + "/partition").c_str(), F_OK, 0) != 0,
                       is_bfq(text_at(sys, dir + "/queue/scheduler")), false});
  }
  return devices;
}

// "254:0 enable=1 ctrl=auto ...", one line per device that was ever set.
void mark_io_cost(std::string_view qos, std::vector<BlockDevice>& devices) {
  for (std::string_view line; next_line(qos, line);) {
    std::string_view word;
    if (!next_word(line, word)) continue;
    const auto number = cgroupfs::parse_device_number(word);
    bool on = false;
    while (next_word(line, word)) on = on || word == "enable=1";
    for (BlockDevice& device : devices)
      if (on && number == device.number) device.io_cost = true;
  }
}

IdSet ids_in(const std::optional<std::string>& text) {
  return text ? IdSet::parse(*text).value_or(IdSet()) : IdSet();
}

}  // namespace

std::vector<std::string> huge_page_sizes(const DirFd& sys) {
  std::vector<std::string> sizes;
  constexpr std::string_view kPrefix = "hugepages-";
  for (const std::string& name : names_in(sys, "kernel/mm/hugepages")) {
    if (!name.starts_with(kPrefix) || !name.ends_with("kB")) continue;
    const auto kb = to_number<std::uint64_t>(
        std::string_view(name).substr(kPrefix.size(), name.size() - kPrefix.size() - 2));
    if (!kb) continue;
    // mem_fmt (mm/hugetlb_cgroup.c): the largest unit that is not greater.
    if (*kb >= 1 << 20)
      sizes.push_back(std::to_string(*kb >> 20) + "GB");
    else if (*kb >= 1 << 10)
      sizes.push_back(std::to_string(*kb >> 10) + "MB");
    else
      sizes.push_back(std::to_string(*kb) + "KB");
  }
  return sizes;
}

void read_host(const cgroupfs::Layout& layout, const DirFd& sys,
               const cgroupfs::ControllerSet& controllers, KernelView& view) {
  using cgroupfs::Controller;
  const auto is_asked = [&](Controller controller) {
    return controllers.test(static_cast<std::size_t>(controller));
  };
  if (is_asked(Controller::kIo)) {
    view.devices = block_devices(sys);
    const KernelView::Controlled io = view.of(Controller::kIo);
    if (io.version == 2)
      if (const auto qos = text_at(layout.hierarchies[io.hierarchy].dir, "io.cost.qos"))
        mark_io_cost(*qos, view.devices);
  }
  const IdSet possible = ids_in(text_at(sys, "devices/system/cpu/possible"));
  if (!possible.empty()) view.cpu_ids = possible.ranges().back().last + 1;
  const KernelView::Controlled cpuset = view.of(Controller::kCpuset);
  if (cpuset.version == 0 || !is_asked(Controller::kCpuset)) return;
  const DirFd& root = layout.hierarchies[cpuset.hierarchy].dir;
  const bool v1 = cpuset.version == 1;
  view.cpus = ids_in(text_at(root, v1 ? "cpuset.cpus" : "cpuset.cpus.effective"));
  view.mems = ids_in(text_at(root, v1 ? "cpuset.mems" : "cpuset.mems.effective"));
}

}  // namespace plimsoll::limit
