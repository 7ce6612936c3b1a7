#include "exporter/collect/resctrl.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/text.h"
#include "exporter/collect/sysfs_text.h"

namespace plimsoll::exporter {

namespace {

constexpr std::string_view kPrefix = "plimsoll-";

std::string monitors_of(const std::string& control) {
  return control.empty() ? "mon_groups" : control + "/mon_groups";
}

// A cgroup's path as one name: "/docker/5f0c" is "plimsoll-docker-5f0c".
std::string group_name(const std::string& path) {
  std::string name(kPrefix);
  name += path == "/" ? "root" : path.substr(1);
  std::ranges::replace(name, '/', '-');
  return name;
}

}  // namespace

Result<ResctrlPlace> parse_resctrl_place(std::string_view text) {
  ResctrlPlace place;
  std::string_view line;
  while (next_line(text, line)) {
    const bool control = line.starts_with("res:");
    if (!control && !line.starts_with("mon:")) return malformed(line);
    const std::string_view name = trim(line.substr(4));
    // A name with a slash would lead elsewhere.
    if (name != "/" && name.find('/') != std::string_view::npos) return malformed(line);
    if (!control)
      place.monitor = name;
    else if (!name.empty())
      place.control = name == "/" ? std::string() : std::string(name);
  }
  return place;
}

ResctrlGroups::ResctrlGroups(const DirFd& root, const DirFd& proc,
                             std::chrono::nanoseconds interval, TaskStats& stats)
    : root_(root), proc_(proc), interval_(interval), stats_(stats) {
  if (available() && interval_.count() > 0) remove_leftovers();
}

ResctrlGroups::~ResctrlGroups() {
  for (const auto& [path, made] : made_)
    ::unlinkat(root_.get(), made.directory.c_str(), AT_REMOVEDIR);
}

// Of a run that was killed.
void ResctrlGroups::remove_leftovers() {
  std::vector<std::string> controls{""};
  // "info" and "mon_data" hold no mon_groups directory.
  for (const std::string& name : names_in(root_, ".", "")) controls.push_back(name);
  for (const std::string& control : controls) {
    const std::string monitors = monitors_of(control);
    for (const std::string& name : names_in(root_, monitors, kPrefix))
      ::unlinkat(root_.get(), (monitors + "/" + name).c_str(), AT_REMOVEDIR);
  }
}

std::vector<ResctrlUsage> ResctrlGroups::host() {
  return usage("");
}

std::vector<ResctrlUsage> ResctrlGroups::usage(const std::string& directory) {
  const std::string base = directory.empty() ? "mon_data" : directory + "/mon_data";
  std::vector<ResctrlUsage> domains;
  for (const std::string& domain : names_in(root_, base, "mon_")) {
    const std::string dir = base + "/" + domain + "/";
    // "Unavailable" and "Error" are texts these files may hold.
    const ResctrlUsage usage{.node = static_cast<std::uint32_t>(domains.size()),
                             .total_bytes = number_of(root_, dir + "mbm_total_bytes"),
                             .local_bytes = number_of(root_, dir + "mbm_local_bytes"),
                             .llc_bytes = number_of(root_, dir + "llc_occupancy")};
    domains.push_back(usage);
  }
  return domains;
}

std::vector<ResctrlUsage> ResctrlGroups::container(const Container& container, MonoTime now) {
  const std::string file = std::to_string(container.pid) + "/cpu_resctrl_groups";
  const Result<std::string_view> text = buffer_.read_at(proc_, file.c_str());
  if (!text) return note(text.error()), std::vector<ResctrlUsage>();
  const Result<ResctrlPlace> place = parse_resctrl_place(*text);
  if (!place) return note(place.error()), std::vector<ResctrlUsage>();
  if (!place->control) return {};
  const auto ours = made_.find(container.path);
  if (ours != made_.end()) {
    if (now - ours->second.filled_at >= interval_) {
      fill(ours->second.directory, container.threads);
      ours->second.filled_at = now;
    }
    return usage(ours->second.directory);
  }
  if (!place->monitor.empty()) return usage(monitors_of(*place->control) + "/" + place->monitor);
  if (interval_.count() == 0) {
    // A control group of its own, as runc makes for a container with intelRdt, is monitored too.
    const std::string id = container.path.substr(container.path.rfind('/') + 1);
    const std::string& control = *place->control;
    // "docker-5f0c....scope" has the id in it; a short name may be anywhere by chance.
    const bool own =
        id == control || (control.size() >= 12 && id.find(control) != std::string::npos);
    return own ? usage(control) : std::vector<ResctrlUsage>();
  }
  const Result<std::string> directory = make(*place->control, container.path);
  if (!directory) return note(directory.error()), std::vector<ResctrlUsage>();
  fill(*directory, container.threads);
  made_[container.path] = {*directory, now};
  return usage(*directory);
}

Result<std::string> ResctrlGroups::make(const std::string& control, const std::string& path) {
  std::string directory = monitors_of(control) + "/" + group_name(path);
  if (::mkdirat(root_.get(), directory.c_str(), 0755) != 0 && errno != EEXIST)
    return os_failure("mkdirat", directory);
  return directory;
}

// New threads inherit the group of the one that made them; this finds those that were moved here.
void ResctrlGroups::fill(const std::string& directory, std::span<const std::int32_t> threads) {
  const std::string file = directory + "/tasks";
  const Result<Fd> fd = open_at(root_, file.c_str(), O_WRONLY);
  if (!fd) return note(fd.error());
  for (const std::int32_t thread : threads) {
    const std::string text = std::to_string(thread) + "\n";
    // One write each: the kernel takes one number per call. ESRCH: it ended.
    if (::write(fd->get(), text.data(), text.size()) < 0 && errno != ESRCH)
      note(os_failure("write", file).error());
  }
}

void ResctrlGroups::forget(const std::string& path) {
  const auto found = made_.find(path);
  if (found == made_.end()) return;
  ::unlinkat(root_.get(), found->second.directory.c_str(), AT_REMOVEDIR);
  made_.erase(found);
}

void ResctrlGroups::note(const Error& error) {
  if (error.kind == ErrorKind::kGone || error.kind == ErrorKind::kNotOffered) return;
  if (error.kind == ErrorKind::kMalformed) {
    ++stats_.malformed;
    return;
  }
  ++stats_.denied;
  // Every group needs a number of the hardware's.
  if (error.os_error == ENOSPC) stats_.missing = "resctrl monitoring ids";
}

}  // namespace plimsoll::exporter
