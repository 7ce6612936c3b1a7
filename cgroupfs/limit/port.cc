#include "cgroupfs/limit/port.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "cgroupfs/tree/group_path.h"
#include "cgroupfs/tree/tree.h"

namespace plimsoll::limit {
namespace {

// ENOENT from a held directory: the file is not offered, or the group was removed. Every live group
// has cgroup.procs.
Error explain(Error error, const DirFd& dir) {
  if (error.kind == ErrorKind::kNotOffered && ::faccessat(dir.get(), "cgroup.procs", F_OK, 0) != 0)
    error.kind = ErrorKind::kGone;
  return error;
}

// Of several groups' in all hierarchies: a lot of changes is some hundred groups long.
constexpr std::size_t kMostDirs = 32;

// So opened: by its mode, on a mount for reading, by a security module.
bool may_not(const Error& error) {
  return error.os_error == EACCES || error.os_error == EROFS || error.os_error == EPERM;
}

}  // namespace

Result<const DirFd*> CgroupPort::dir_of(const Place& place) {
  const auto key = std::pair(place.hierarchy, place.inode);
  if (const auto held = dirs_.find(key); held != dirs_.end()) return &held->second;
  if (place.hierarchy >= cgroupfs::kMaxHierarchies)
    return invalid_input("open_cgroup", "there is no such hierarchy");
  cgroupfs::Cgroup group;
  group.path = place.cgroup;
  group.inode[place.hierarchy] = place.inode;
  DirFd dir = PLIMSOLL_TRY(cgroupfs::open_cgroup(layout_, group, place.hierarchy));
  return &dirs_.emplace(key, std::move(dir)).first->second;
}

Result<const CgroupPort::OpenFile*> CgroupPort::file_of(const Place& place,
                                                        const std::string& name) {
  if (place.cgroup != group_) {
    files_.clear();
    if (dirs_.size() > kMostDirs) dirs_.clear();
    group_ = place.cgroup;
  }
  const auto open = std::ranges::find_if(files_, [&](const OpenFile& file) {
    return file.hierarchy == place.hierarchy && file.inode == place.inode && file.name == name;
  });
  if (open != files_.end()) return &*open;
  const DirFd* dir = PLIMSOLL_TRY(dir_of(place));
  // Who opens for reading what is about to be written, opens it once.
  for (const int flags : {O_RDWR, O_RDONLY, O_WRONLY}) {
    auto fd = open_at(*dir, name.c_str(), flags);
    if (!fd && may_not(fd.error()) && flags != O_WRONLY) continue;
    if (!fd) return std::unexpected(explain(std::move(fd).error(), *dir));
    files_.push_back({place.hierarchy, place.inode, name, flags != O_RDONLY, *std::move(fd)});
    break;
  }
  return &files_.back();
}

// A controller that was taken from the group since, and maybe given back (systemd does so), took
// its files along: those held are nobody's then. Where ENODEV is a parser's word for a device that
// is not there (io.max), it is asked twice.
template <typename Use>
auto CgroupPort::use(const Place& place, const std::string& name, const Use& use)
    -> std::invoke_result_t<Use, const OpenFile&> {
  auto used = use(*PLIMSOLL_TRY(file_of(place, name)));
  if (used || used.error().os_error != ENODEV) return used;
  files_.clear();
  return use(*PLIMSOLL_TRY(file_of(place, name)));
}

Result<std::string> CgroupPort::read(const Place& place, const std::string& file) {
  return use(place, file, [&](const OpenFile& open) -> Result<std::string> {
    std::string_view text = PLIMSOLL_TRY(buffer_.pread_all(open.fd, file));
    if (text.ends_with('\n')) text.remove_suffix(1);
    return std::string(text);
  });
}

Result<> CgroupPort::write(const Place& place, const std::string& file, std::string_view text) {
  return use(place, file, [&](const OpenFile& open) -> Result<> {
    if (!open.writable) return os_failure("openat", file, EACCES);
    // A write of nothing never reaches the kernel's parser: a lone newline empties a cpuset.
    const std::string_view bytes = text.empty() ? std::string_view("\n") : text;
    const ssize_t written = ::pwrite(open.fd.get(), bytes.data(), bytes.size(), 0);
    if (written == static_cast<ssize_t>(bytes.size())) return {};
    const int os_error = written < 0 ? errno : EIO;
    return os_failure("write", file + " <- " + std::string(text), os_error);
  });
}

}  // namespace plimsoll::limit
