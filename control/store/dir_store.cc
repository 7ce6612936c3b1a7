#include "control/store/dir_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <tuple>

#include "base/read_file.h"
#include "control/store/own_dir.h"

namespace plimsoll::control {
namespace {

constexpr const char* kTemporary = "writing.tmp";
constexpr std::size_t kMostBytes = std::size_t{256} << 20;

Result<std::uint64_t> write_all(const Fd& file, std::string_view bytes, const std::string& name) {
  std::uint64_t written = 0;
  while (written < bytes.size()) {
    const ssize_t n = ::write(file.get(), bytes.data() + written, bytes.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_failure("write", name);
    written += static_cast<std::uint64_t>(n);
  }
  return written;
}

Result<Fd> open_file(const DirFd& dir, const std::string& name, int flags) {
  const int fd = ::openat(dir.get(), name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return os_failure("openat", name);
  return Fd(fd);
}

}  // namespace

Result<std::unique_ptr<DirStore>> DirStore::open(const std::string& path) {
  OwnDir own = PLIMSOLL_TRY(open_own_dir(path, 0700));
  return std::unique_ptr<DirStore>(new DirStore(path, std::move(own.dir), std::move(own.lock)));
}

Result<DirStore::Held*> DirStore::held(const std::string& name) {
  const std::scoped_lock guard(mutex_);
  if (const auto found = held_.find(name); found != held_.end()) return &found->second;
  Held fresh;
  fresh.file = PLIMSOLL_TRY(open_file(dir_, name, O_WRONLY | O_CREAT | O_APPEND));
  struct stat facts{};
  if (::fstat(fresh.file.get(), &facts) != 0) return os_failure("fstat", name);
  fresh.size = static_cast<std::uint64_t>(facts.st_size);
  return &held_.emplace(name, std::move(fresh)).first->second;
}

void DirStore::forget(const std::string& name) {
  const std::scoped_lock guard(mutex_);
  held_.erase(name);
}

Result<> DirStore::sync_directory() {
  return ::fsync(dir_.get()) == 0 ? Result<>() : os_failure("fsync", path_);
}

Result<std::string> DirStore::read(const std::string& name) {
  return read_file_at(dir_, name.c_str(), kMostBytes);
}

Result<> DirStore::append(const std::string& name, std::string_view bytes) {
  Held* const file = PLIMSOLL_TRY(held(name));
  auto written = write_all(file->file, bytes, name);
  if (written) {
    file->size += bytes.size();
    return {};
  }
  // Opened O_APPEND: the next record would stand behind the half one.
  if (::ftruncate(file->file.get(), static_cast<off_t>(file->size)) != 0)
    written.error().subject += " (and the half record could not be cut off)";
  return std::unexpected(std::move(written).error());
}

Result<> DirStore::sync(const std::string& name) {
  const Held* const file = PLIMSOLL_TRY(held(name));
  return ::fdatasync(file->file.get()) == 0 ? Result<>() : os_failure("fdatasync", name);
}

Result<> DirStore::replace(const std::string& name, std::string_view bytes) {
  const Fd file = PLIMSOLL_TRY(open_file(dir_, kTemporary, O_WRONLY | O_CREAT | O_TRUNC));
  PLIMSOLL_TRY(write_all(file, bytes, kTemporary));
  if (::fsync(file.get()) != 0) return os_failure("fsync", kTemporary);
  return rename(kTemporary, name);
}

Result<> DirStore::rename(const std::string& from, const std::string& to) {
  if (::renameat(dir_.get(), from.c_str(), dir_.get(), to.c_str()) != 0)
    return os_failure("renameat", from + " to " + to);
  forget(from);
  forget(to);
  return sync_directory();
}

Result<> DirStore::remove(const std::string& name) {
  if (::unlinkat(dir_.get(), name.c_str(), 0) != 0) return os_failure("unlinkat", name);
  forget(name);
  return {};
}

Result<std::vector<std::string>> DirStore::list() {
  std::vector<std::string> names;
  std::error_code failed;
  for (std::filesystem::directory_iterator entry(path_, failed), end; !failed && entry != end;
       entry.increment(failed))
    names.push_back(entry->path().filename().string());
  if (failed) return os_failure("readdir", path_, failed.value());
  std::ranges::sort(names);
  return names;
}

}  // namespace plimsoll::control
