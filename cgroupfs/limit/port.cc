#include "cgroupfs/limit/port.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

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

Result<std::string> CgroupPort::read(const Place& place, const std::string& file) {
  const DirFd* dir = PLIMSOLL_TRY(dir_of(place));
  auto text = buffer_.read_at(*dir, file.c_str());
  if (!text) return std::unexpected(explain(std::move(text).error(), *dir));
  if (text->ends_with('\n')) text->remove_suffix(1);
  return std::string(*text);
}

Result<> CgroupPort::write(const Place& place, const std::string& file, std::string_view text) {
  const DirFd* dir = PLIMSOLL_TRY(dir_of(place));
  auto fd = open_at(*dir, file.c_str(), O_WRONLY);
  if (!fd) return std::unexpected(explain(std::move(fd).error(), *dir));
  // A write of nothing never reaches the kernel's parser: a lone newline empties a cpuset.
  const std::string_view bytes = text.empty() ? std::string_view("\n") : text;
  const ssize_t written = ::write(fd->get(), bytes.data(), bytes.size());
  if (written == static_cast<ssize_t>(bytes.size())) return {};
  const int os_error = written < 0 ? errno : EIO;
  return os_failure("write", file + " <- " + std::string(text), os_error);
}

}  // namespace plimsoll::limit
