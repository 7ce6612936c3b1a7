#include "exporter/collect/tree_walk.h"

#include <dirent.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <utility>

namespace plimsoll::exporter {

namespace {

constexpr std::size_t kBuffer = std::size_t{32} * 1024;
constexpr std::size_t kOpenDirectories = 8;  // Of the deepest ones.
constexpr std::size_t kMaxDepth = 4096;
constexpr std::size_t kMaxPendingBytes = std::size_t{8} << 20;
constexpr std::size_t kMaxLinked = std::size_t{1} << 18;

// getdents64(2): what precedes the name in glibc's dirent64 is the kernel's layout.
constexpr std::size_t kLengthOffset = offsetof(dirent64, d_reclen);
constexpr std::size_t kNameOffset = offsetof(dirent64, d_name);

// One name below `directory`, which may be a symbolic link or mount point by now, then not opened.
Fd open_below(const Fd& directory, const std::string& name) {
  open_how how{};
  how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW | O_NOATIME;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
  long fd = ::syscall(SYS_openat2, directory.get(), name.c_str(), &how, sizeof how);
  if (fd < 0 && errno == EPERM) {  // O_NOATIME is for owners and CAP_FOWNER.
    how.flags &= ~static_cast<unsigned>(O_NOATIME);
    fd = ::syscall(SYS_openat2, directory.get(), name.c_str(), &how, sizeof how);
  }
  if (fd < 0 && (errno == ENOSYS || errno == EPERM))
    fd = ::openat(directory.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  return Fd(static_cast<int>(fd));
}

}  // namespace

TreeWalk::TreeWalk(Fd top) : buffer_(kBuffer) {
  struct stat info{};
  if (::fstat(top.get(), &info) != 0) return;  // Nothing to walk.
  device_ = info.st_dev;
  count(static_cast<std::uint64_t>(info.st_blocks));
  ++inodes_;
  frames_.push_back(
      {.fd = std::move(top), .inode = info.st_ino, .position = 0, .subdirectories = {}});
}

TreeWalk::Step TreeWalk::step(const Expired& expired) {
  constexpr unsigned kPerQuestion = 16;
  unsigned since = 0;
  while (!frames_.empty()) {
    if (++since >= kPerQuestion) {
      if (expired()) return Step::kMore;
      since = 0;
    }
    Frame& frame = frames_.back();
    if (next_ < used_) {
      const std::size_t offset = next_;
      std::uint16_t length = 0;
      std::memcpy(&length, buffer_.data() + offset + kLengthOffset, sizeof length);
      next_ += length;
      count_entry(frame, offset);
    } else if (!frame.subdirectories.empty()) {
      const std::string name = std::move(frame.subdirectories.back());
      frame.subdirectories.pop_back();
      pending_bytes_ -= name.size();
      enter(name);
    } else if (!read_more(frame)) {
      leave();
    }
  }
  return Step::kDone;
}

// The next part of the directory into the buffer; false at its end.
bool TreeWalk::read_more(Frame& frame) {
  const long n = ::syscall(SYS_getdents64, frame.fd.get(), buffer_.data(), buffer_.size());
  // ENOENT: the directory was removed while we looked.
  if (n < 0 && errno != ENOENT) ++denied_;
  used_ = n > 0 ? static_cast<std::size_t>(n) : 0;
  next_ = 0;
  return n > 0;
}

void TreeWalk::count_entry(const Frame& frame, std::size_t offset) {
  const char* const name = buffer_.data() + offset + kNameOffset;
  if (std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0) return;
  struct stat info{};
  if (::fstatat(frame.fd.get(), name, &info, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) != 0)
    return;  // Removed meanwhile.
  if (info.st_dev != device_) return;
  const auto blocks = static_cast<std::uint64_t>(info.st_blocks);
  if (S_ISDIR(info.st_mode)) {
    const std::size_t length = std::strlen(name);
    if (frames_.size() >= kMaxDepth || pending_bytes_ + length > kMaxPendingBytes) {
      ++denied_;
      return;
    }
    pending_bytes_ += length;
    frames_.back().subdirectories.emplace_back(name, length);
  } else if (info.st_nlink > 1) {
    if (linked_.size() >= kMaxLinked) {
      // Too many to remember: each name carries its share.
      count(blocks / info.st_nlink);
      return;
    }
    if (!linked_.insert(info.st_ino).second) return;
  }
  count(blocks);
  ++inodes_;
}

void TreeWalk::enter(const std::string& name) {
  Fd fd = open_below(frames_.back().fd, name);
  struct stat info{};
  if (!fd || ::fstat(fd.get(), &info) != 0) {
    const bool moved = errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == EXDEV;
    if (!moved) ++denied_;
    return;
  }
  if (frames_.size() >= kOpenDirectories && frames_[frames_.size() - kOpenDirectories].fd) {
    Frame& above = frames_[frames_.size() - kOpenDirectories];
    above.position = ::lseek(above.fd.get(), 0, SEEK_CUR);
    above.fd.reset();
  }
  frames_.push_back(
      {.fd = std::move(fd), .inode = info.st_ino, .position = 0, .subdirectories = {}});
}

void TreeWalk::leave() {
  const Fd below = std::move(frames_.back().fd);
  frames_.pop_back();
  if (frames_.empty() || frames_.back().fd || reopen(frames_.back(), below)) return;
  // Somebody moved the directory we are in: there is no way back to what was left.
  ++denied_;
  frames_.clear();
}

bool TreeWalk::reopen(Frame& frame, const Fd& below) {
  Fd fd(::openat(below.get(), "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat info{};
  if (!fd || ::fstat(fd.get(), &info) != 0 || info.st_ino != frame.inode) return false;
  frame.fd = std::move(fd);
  return ::lseek(frame.fd.get(), frame.position, SEEK_SET) >= 0;
}

}  // namespace plimsoll::exporter
