#include "cgroupfs/watch/log_paths.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>

namespace plimsoll::cgroupfs {

namespace {

// The number of the first cgroup namespace is part of the kernel's interface (PROC_CGROUP_INIT_INO
// in linux/proc_ns.h, in uapi's linux/nsfs.h since 6.18).
constexpr std::string_view kFirstNamespace = "cgroup:[4026531835]";

}  // namespace

CgroupView cgroup_view(const DirFd& proc) {
  std::array<char, 64> target{};
  const ssize_t length = ::readlinkat(proc.get(), "self/ns/cgroup", target.data(), target.size());
  const bool inner =
      length > 0 &&
      std::string_view(target.data(), static_cast<std::size_t>(length)) != kFirstNamespace;
  return inner ? CgroupView::kNamespace : CgroupView::kWhole;
}

std::optional<std::string> LogPaths::ours(std::string_view logged,
                                          const IsOurContainer& is_our_container) {
  // From the whole path down: whatever is our container under its full path is not another's.
  for (std::size_t at = 0; !root_ && at < logged.size(); at = logged.find('/', at + 1))
    if (is_our_container(logged.substr(at))) root_.emplace(logged.substr(0, at));
  if (!root_ || logged.empty() || !logged.starts_with(*root_)) return std::nullopt;
  const std::string_view path = logged.substr(root_->size());
  if (path.empty()) return "/";
  if (path.front() != '/') return std::nullopt;
  return std::string(path);
}

}  // namespace plimsoll::cgroupfs
