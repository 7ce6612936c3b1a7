#include "agent/doctor/facts.h"

#include <dirent.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/number.h"
#include "base/read_file.h"
#include "base/text.h"
#include "cgroupfs/tree/tree.h"

namespace plimsoll::agent {

namespace {

std::string text_of(const DirFd& dir, const char* name) {
  const auto text = read_file_at(dir, name);
  return text ? std::string(trim(*text)) : std::string();
}

bool exists(const DirFd& dir, const char* name) {
  return ::faccessat(dir.get(), name, F_OK, 0) == 0;
}

// Some sub-directory of an open directory: the root of a tree lacks files that all others have.
std::optional<DirFd> any_child(const DirFd& dir) {
  const int fd = ::openat(dir.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  DIR* listing = ::fdopendir(fd);
  if (listing == nullptr) {
    ::close(fd);
    return std::nullopt;
  }
  std::optional<DirFd> child;
  while (const dirent* entry = ::readdir(listing)) {
    if (entry->d_name[0] == '.') continue;
    Result<DirFd> opened = open_dir_at(dir, entry->d_name);
    if (!opened) continue;
    child = *std::move(opened);
    break;
  }
  ::closedir(listing);
  return child;
}

// In the root of the hierarchy or, where the root has no such file, in a group below it.
bool offers(const cgroupfs::Hierarchy& hierarchy, const char* file) {
  if (exists(hierarchy.dir, file)) return true;
  const auto child = any_child(hierarchy.dir);
  return child && exists(*child, file);
}

std::optional<std::uint64_t> number_of(const DirFd& dir, const char* name) {
  return to_number<std::uint64_t>(text_of(dir, name));
}

// "SwapTotal:   1048572 kB" of /proc/meminfo, in bytes.
std::uint64_t swap_bytes(const DirFd& proc) {
  const std::string text = text_of(proc, "meminfo");
  std::string_view rest = text;
  for (std::string_view line; next_line(rest, line);) {
    std::string_view word;
    if (!line.starts_with("SwapTotal:") || !next_word(line, word) || !next_word(line, word))
      continue;
    return to_number<std::uint64_t>(word).value_or(0) * 1024;
  }
  return 0;
}

// "CapEff:\t000001fffeffffff" of /proc/self/status.
std::optional<std::uint64_t> effective_capabilities(const DirFd& proc) {
  const std::string text = text_of(proc, "self/status");
  std::string_view rest = text;
  for (std::string_view line; next_line(rest, line);)
    if (line.starts_with("CapEff:")) return to_number<std::uint64_t>(trim(line.substr(7)), 16);
  return std::nullopt;
}

HostFacts with_cgroups(HostFacts facts, const exporter::SamplerConfig& config, const DirFd& proc) {
  const auto root = open_dir(config.cgroup_root.c_str());
  const auto mountinfo = read_file_at(proc, "self/mountinfo");
  if (!root || !mountinfo) {
    facts.cgroup_error = root ? mountinfo.error().message() : root.error().message();
    return facts;
  }
  facts.hidepid = parse_hidepid(*mountinfo, config.proc_root);
  const auto layout = cgroupfs::open_layout(*mountinfo, *root, config.nominal_cgroup_root);
  if (!layout) {
    facts.cgroup_error = layout.error().message();
    return facts;
  }
  facts.mode = layout->mode;
  for (const cgroupfs::Hierarchy& hierarchy : layout->hierarchies)
    facts.hierarchies.push_back({hierarchy.version, hierarchy.controllers, hierarchy.v1_name,
                                 hierarchy.mount_path, hierarchy.mount_root});
  if (const auto unified = layout->unified())
    facts.cgroup_pressure = offers(layout->hierarchies[*unified], "cpu.pressure");
  if (const auto memory = layout->of(cgroupfs::Controller::kMemory))
    facts.swap_accounting =
        offers(layout->hierarchies[*memory], layout->hierarchies[*memory].version == 2
                                                 ? "memory.swap.current"
                                                 : "memory.memsw.usage_in_bytes");
  const RealClock clock;
  auto tree = cgroupfs::CgroupTree::create(*layout, clock, {.max_watches = 0});
  if (!tree) return facts;
  for (const cgroupfs::Cgroup* cgroup : (*tree)->update().added)
    for (std::size_t i = 0; i < layout->hierarchies.size(); ++i)
      facts.directories += cgroup->in(i) ? 1 : 0;
  facts.cgroups = (*tree)->stats().cgroups;
  facts.unreadable = (*tree)->stats().unreadable;
  return facts;
}

// The initial pid namespace has a fixed inode: PROC_PID_INIT_INO of include/linux/proc_ns.h.
bool is_initial_pid_namespace(const DirFd& proc) {
  constexpr ino_t kInitial = 0xEFFFFFFCU;
  struct stat status{};
  // Of our own /proc only the mount counts, not who we are: process 1 of it. Unreadable (not root):
  // taken for the host's.
  if (::fstatat(proc.get(), "1/ns/pid", &status, 0) != 0) return true;
  return status.st_ino == kInitial;
}

// Process 1 of the host against ourselves; unreadable: not known to differ.
bool is_host_network(const DirFd& proc) {
  struct stat host{};
  struct stat own{};
  if (::fstatat(proc.get(), "1/ns/net", &host, 0) != 0 ||
      ::fstatat(proc.get(), "self/ns/net", &own, 0) != 0)
    return true;
  return host.st_ino == own.st_ino;
}

}  // namespace

HostFacts gather_facts(const exporter::SamplerConfig& config) {
  HostFacts facts;
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    facts.files_soft = files.rlim_cur;
    facts.files_hard = files.rlim_max;
  }
  facts.runtimes = inventory::find_runtimes(config.inventory);
  if (const auto sys = open_dir(config.sys_root.c_str()))
    facts.btf = exists(*sys, "kernel/btf/vmlinux");
  const auto proc = open_dir(config.proc_root.c_str());
  if (!proc) {
    facts.cgroup_error = proc.error().message();
    return facts;
  }
  facts.kernel_release = text_of(*proc, "sys/kernel/osrelease");
  facts.command_line = text_of(*proc, "cmdline");
  facts.kernel_controllers = parse_proc_cgroups(text_of(*proc, "cgroups"));
  facts.host_pressure = !text_of(*proc, "pressure/cpu").empty();
  facts.swap_bytes = swap_bytes(*proc);
  facts.inotify_instances = number_of(*proc, "sys/fs/inotify/max_user_instances");
  facts.inotify_watches = number_of(*proc, "sys/fs/inotify/max_user_watches");
  facts.capabilities = effective_capabilities(*proc);
  facts.init = text_of(*proc, "1/comm");
  facts.host_processes = is_initial_pid_namespace(*proc);
  facts.host_network = is_host_network(*proc);
  return with_cgroups(std::move(facts), config, *proc);
}

std::vector<ControllerFact> parse_proc_cgroups(std::string_view text) {
  std::vector<ControllerFact> controllers;
  for (std::string_view line; next_line(text, line);) {
    std::string_view name;
    std::string_view hierarchy;
    std::string_view groups;
    std::string_view enabled;
    if (line.starts_with('#') || !next_word(line, name) || !next_word(line, hierarchy) ||
        !next_word(line, groups) || !next_word(line, enabled))
      continue;
    controllers.push_back({std::string(name), hierarchy != "0", enabled != "0"});
  }
  return controllers;
}

std::string parse_hidepid(std::string_view mountinfo, std::string_view mount_point) {
  std::string found;
  for (std::string_view line; next_line(mountinfo, line);) {
    // "22 27 0:21 / /proc rw,relatime shared:5 - proc proc rw,hidepid=invisible"
    std::string_view word;
    for (int i = 0; i < 5; ++i)
      if (!next_word(line, word)) break;
    const std::size_t dash = line.find(" - proc ");
    if (word != mount_point || dash == std::string_view::npos) continue;
    found.clear();
    const std::size_t option = line.find("hidepid=", dash);
    if (option == std::string_view::npos) continue;
    const std::string_view value = line.substr(option + 8);
    found = value.substr(0, value.find_first_of(", \n"));
  }
  // Newer kernels print the default as a word.
  return found == "0" || found == "off" ? std::string() : found;
}

}  // namespace plimsoll::agent
