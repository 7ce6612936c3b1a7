#include "runtime/state/store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "runtime/state/entries.h"

namespace plimsoll::state {

namespace {

constexpr std::size_t kLongestId = 1024;
constexpr const char* kAbsent = "container does not exist";
constexpr mode_t kOwnerOnly = 0700;
// Not in the grammar of ids.
constexpr std::string_view kUnfinished = "new~";

bool is_id_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '+' || c == '-' || c == '.';
}

Result<DirFd> open_readable(const DirFd& root, const std::string& name) {
  const int fd =
      ::openat(root.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return os_failure("openat", name);
  return DirFd(fd);
}

Result<> lock(const DirFd& directory, const std::string& name, int wait) {
  int failed = 0;
  do failed = ::flock(directory.get(), LOCK_EX | wait);
  while (failed != 0 && errno == EINTR);
  if (failed != 0) return os_failure("flock", name);
  return {};
}

Result<DirFd> duplicate(const DirFd& fd) {
  const int copy = ::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return os_failure("fcntl", "the state directory");
  return DirFd(copy);
}

Result<> make_parents(const std::string& path) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    const std::string parent = path.substr(0, slash);
    if (::mkdir(parent.c_str(), 0755) != 0 && errno != EEXIST) return os_failure("mkdir", parent);
  }
  if (::mkdir(path.c_str(), kOwnerOnly) != 0 && errno != EEXIST) return os_failure("mkdir", path);
  return {};
}

// Others' rights are taken away rather than complained of: engines make this directory themselves,
// with what their umask leaves.
Result<> make_private(const DirFd& root, const std::string& path) {
  struct stat facts{};
  if (::fstat(root.get(), &facts) != 0) return os_failure("fstat", path);
  if (facts.st_uid != ::geteuid())
    return failure(ErrorKind::kDenied, "state",
                   path + " belongs to user " + std::to_string(facts.st_uid));
  if ((facts.st_mode & 07777) == kOwnerOnly) return {};
  if (::fchmod(root.get(), kOwnerOnly) != 0) return os_failure("fchmod", path);
  return {};
}

}  // namespace

Result<> check_id(std::string_view id) {
  if (id.empty()) return invalid_input("id", "container id cannot be empty");
  const bool clean =
      id.size() <= kLongestId && id != "." && id != ".." && std::ranges::all_of(id, is_id_letter);
  if (!clean) return invalid_input("id", "invalid container ID format");
  return {};
}

Result<Store> Store::open(const std::string& path, Durability durability) {
  PLIMSOLL_TRY(make_parents(path));
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return os_failure("open", path);
  DirFd root(fd);
  PLIMSOLL_TRY(make_private(root, path));
  return Store(std::move(root), durability);
}

// Made and locked under a name of its own first: under its id nobody ever meets it unlocked and
// empty, as one that could be taken for a dead maker's.
Result<Directory> Store::create(const std::string& id) const {
  PLIMSOLL_TRY(check_id(id));
  sweep();
  std::string unfinished(kUnfinished);
  unfinished += std::to_string(::gettid());
  if (::mkdirat(root_.get(), unfinished.c_str(), kOwnerOnly) != 0)
    return os_failure("mkdirat", unfinished);
  DirFd directory = PLIMSOLL_TRY(open_readable(root_, unfinished));
  PLIMSOLL_TRY(lock(directory, unfinished, LOCK_NB));
  if (::renameat2(root_.get(), unfinished.c_str(), root_.get(), id.c_str(), RENAME_NOREPLACE) !=
      0) {
    const int os_error = errno;
    (void)::unlinkat(root_.get(), unfinished.c_str(), AT_REMOVEDIR);
    if (os_error == EEXIST)
      return failure(ErrorKind::kBusy, "state", "container with given ID already exists");
    return os_failure("renameat2", id, os_error);
  }
  if (durability_ == Durability::kMachine && ::fsync(root_.get()) != 0)
    return os_failure("fsync", "the state directory");
  DirFd root = PLIMSOLL_TRY(duplicate(root_));
  return Directory(id, std::move(root), std::move(directory), durability_);
}

Result<Directory> Store::find(const std::string& id) const {
  PLIMSOLL_TRY(check_id(id));
  Result<DirFd> directory = open_readable(root_, id);
  if (!directory) {
    if (directory.error().kind != ErrorKind::kNotOffered) return Failure(directory.error());
    return failure(ErrorKind::kGone, "state", kAbsent);
  }
  PLIMSOLL_TRY(lock(*directory, id, 0));
  // While we waited its holder may have removed it, and somebody else made another.
  struct stat held{};
  struct stat named{};
  if (::fstat(directory->get(), &held) != 0) return os_failure("fstat", id);
  if (::fstatat(root_.get(), id.c_str(), &named, AT_SYMLINK_NOFOLLOW) != 0 ||
      held.st_ino != named.st_ino || held.st_dev != named.st_dev)
    return failure(ErrorKind::kGone, "state", kAbsent);
  DirFd root = PLIMSOLL_TRY(duplicate(root_));
  return Directory(id, std::move(root), *std::move(directory), durability_);
}

Result<std::vector<std::string>> Store::list() const {
  std::vector<std::string> names = PLIMSOLL_TRY(entries_of(root_));
  std::erase_if(names, [](const std::string& name) { return !check_id(name); });
  return names;
}

// What a dead maker left: nobody holds its lock. Best effort, as nobody waits for the space.
void Store::sweep() const {
  const auto names = entries_of(root_);
  if (!names) return;
  for (const std::string& name : *names) {
    if (!name.starts_with(kUnfinished)) continue;
    const auto directory = open_readable(root_, name);
    if (directory && lock(*directory, name, LOCK_NB))
      (void)::unlinkat(root_.get(), name.c_str(), AT_REMOVEDIR);
  }
}

}  // namespace plimsoll::state
