#include <fcntl.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/read_file.h"
#include "base/text.h"
#include "cgroupfs/tree/group_path.h"
#include "runtime/cgroup/device_policy.h"
#include "runtime/cgroup/device_program.h"
#include "runtime/cgroup/group_files.h"
#include "runtime/cgroup/limits.h"

namespace plimsoll::runtime {
namespace {

// v1's two files of one group, each opened when something is written to it.
class DeviceFiles {
 public:
  DeviceFiles(const DirFd& root, std::string below) : root_(root), below_(std::move(below)) {}

  Result<> allow(std::string_view text) { return write(allow_, "devices.allow", text); }
  Result<> deny(std::string_view text) { return write(deny_, "devices.deny", text); }
  // "a *:* rwm" alone: everything, and no exceptions in the list even if there are some.
  Result<std::string> list() {
    return read_file_at(root_, (below_ + "devices.list").c_str(), std::size_t{1} << 20);
  }

 private:
  Result<> write(Fd& fd, const char* file, std::string_view text) {
    if (!fd) fd = PLIMSOLL_TRY(open_at(root_, (below_ + file).c_str(), O_WRONLY));
    return write_to(fd, file, text);
  }

  const DirFd& root_;
  std::string below_;
  Fd allow_;
  Fd deny_;
};

Result<> write_all(const DevicePolicy& policy, DeviceFiles& files, GroupAge age) {
  if (policy.rest == DevicePolicy::Rest::kAllow) {
    // A new group has what its parent has; more is not to be had.
    if (age == GroupAge::kUsed) PLIMSOLL_TRY(files.allow("a"));
    for (const DeviceException& one : policy.exceptions) PLIMSOLL_TRY(files.deny(v1_text(one)));
    return {};
  }
  PLIMSOLL_TRY(files.deny("a"));
  for (const DeviceException& one : policy.exceptions) PLIMSOLL_TRY(files.allow(v1_text(one)));
  return {};
}

// A group in use goes from one list to the other without a moment in which it may use nothing: what
// is new is allowed first.
Result<> change_list(const DevicePolicy& policy, DeviceFiles& files) {
  const std::string now = PLIMSOLL_TRY(files.list());
  if (policy.rest == DevicePolicy::Rest::kAllow || now.starts_with("a "))
    return write_all(policy, files, GroupAge::kUsed);
  const auto has = [&](std::string_view wanted) {
    std::string_view rest = now;
    for (std::string_view line; next_line(rest, line);)
      if (line == wanted) return true;
    return false;
  };
  for (const DeviceException& one : policy.exceptions)
    if (!has(v1_text(one))) PLIMSOLL_TRY(files.allow(v1_text(one)));
  std::string_view rest = now;
  for (std::string_view line; next_line(rest, line);) {
    if (std::ranges::any_of(policy.exceptions,
                            [&](const auto& one) { return v1_text(one) == line; }))
      continue;
    PLIMSOLL_TRY(files.deny(line));
    // A wider line may have held some of what is wanted under the same numbers.
    for (const DeviceException& one : policy.exceptions)
      if (v1_text(one).starts_with(line.substr(0, line.rfind(' ') + 1)))
        PLIMSOLL_TRY(files.allow(v1_text(one)));
  }
  return {};
}

}  // namespace

Result<> write_devices(const CgroupHost& host, const std::string& group,
                       const spec::Resources& resources, GroupAge age) {
  const DevicePolicy policy = PLIMSOLL_TRY(policy_of(resources.devices));
  const std::string below = cgroupfs::relative(group);
  if (const auto v1 = host.layout.of(cgroupfs::Controller::kDevices)) {
    DeviceFiles files(host.layout.hierarchies[*v1].dir, below + "/");
    return age == GroupAge::kNew ? write_all(policy, files, age) : change_list(policy, files);
  }
  if (age == GroupAge::kNew && policy == DevicePolicy{DevicePolicy::Rest::kAllow, {}}) return {};
  const auto v2 = host.layout.unified();
  if (!v2)
    return failure(ErrorKind::kNotOffered, "devices",
                   "this host has no cgroup controller \"devices\": nothing would keep the "
                   "container from every device it makes");
  const Fd opened = PLIMSOLL_TRY(
      open_at(host.layout.hierarchies[*v2].dir, below.c_str(), O_RDONLY | O_DIRECTORY));
  return attach_device_program(opened, policy,
                               age == GroupAge::kNew ? Earlier::kNone : Earlier::kReplace);
}

}  // namespace plimsoll::runtime
