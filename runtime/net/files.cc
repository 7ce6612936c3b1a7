#include "runtime/net/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/read_file.h"
#include "runtime/state/entries.h"
#include "runtime/state/seal.h"

namespace plimsoll::net {

namespace {

constexpr std::string_view kUnfinished = ".new";
constexpr std::size_t kMostBytes = std::size_t{4} << 20;

Result<> write_all(const Fd& file, std::string_view bytes, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(file.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_failure("write", name);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

}  // namespace

Result<> make_directory(const std::string& path) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    const std::string parent = path.substr(0, slash);
    if (::mkdir(parent.c_str(), 0755) != 0 && errno != EEXIST) return os_failure("mkdir", parent);
  }
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return os_failure("mkdir", path);
  return {};
}

Result<Files> Files::open(const std::string& path, Lasting lasting) {
  PLIMSOLL_TRY(make_directory(path));
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return os_failure("open", path);
  return Files(DirFd(fd), lasting);
}

Result<> Files::write(const std::string& name, std::string_view text) const {
  const std::string temporary = name + std::string(kUnfinished);
  const Fd file(::openat(directory_.get(), temporary.c_str(),
                         O_CREAT | O_TRUNC | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return os_failure("openat", temporary);
  PLIMSOLL_TRY(write_all(file, state::seal(text), temporary));
  const bool synced = lasting_ == Lasting::kMachine;
  if (synced && ::fsync(file.get()) != 0) return os_failure("fsync", temporary);
  if (::renameat(directory_.get(), temporary.c_str(), directory_.get(), name.c_str()) != 0)
    return os_failure("renameat", name);
  if (synced && ::fsync(directory_.get()) != 0) return os_failure("fsync", name);
  return {};
}

Result<> Files::rename(const std::string& from, const std::string& to) const {
  if (::renameat(directory_.get(), from.c_str(), directory_.get(), to.c_str()) != 0)
    return os_failure("renameat", from);
  if (lasting_ == Lasting::kMachine && ::fsync(directory_.get()) != 0)
    return os_failure("fsync", from);
  return {};
}

Result<> Files::remove(const std::string& name) const {
  if (::unlinkat(directory_.get(), name.c_str(), 0) != 0 && errno != ENOENT)
    return os_failure("unlinkat", name);
  if (lasting_ == Lasting::kMachine && ::fsync(directory_.get()) != 0)
    return os_failure("fsync", name);
  return {};
}

Result<Files::Loaded> Files::load() const {
  Loaded loaded;
  const std::vector<std::string> names = PLIMSOLL_TRY(state::entries_of(directory_));
  for (const std::string& name : names) {
    if (name.ends_with(kUnfinished)) {
      PLIMSOLL_TRY(remove(name));
      continue;
    }
    const Result<std::string> sealed = read_file_at(directory_, name.c_str(), kMostBytes);
    const auto text =
        sealed ? state::unseal(*sealed) : Result<std::string_view>(std::unexpect, sealed.error());
    if (text)
      loaded.records.emplace_back(name, *text);
    else
      loaded.damaged.push_back(name + ": " + text.error().message());
  }
  return loaded;
}

}  // namespace plimsoll::net
