#include "control/policy/load.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/fd.h"
#include "base/read_file.h"
#include "control/policy/decode.h"
#include "control/policy/ties.h"

namespace plimsoll::policy {
namespace {

constexpr std::string_view kSuffix = ".yaml";

// Why what is open may not be trusted; empty: it may.
std::string distrust(const Fd& fd, uid_t owner, const std::string& path) {
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0)
    return "fstat: " + os_failure("fstat", path).error().message();
  if (status.st_uid != owner && status.st_uid != 0)
    return "belongs to uid " + std::to_string(status.st_uid) + ", not to root: chown root " + path;
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return "may be written by others than its owner: chmod go-w " + path;
  return "";
}

// Entries in the order of their bytes.
Result<std::vector<std::string>> list(const DirFd& directory, const std::string& path) {
  // A second description: the first one's position is shared.
  const int fd = ::openat(directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return os_failure("openat", path);
  DIR* stream = ::fdopendir(fd);
  if (stream == nullptr) {
    const Fd close(fd);
    return os_failure("fdopendir", path);
  }
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(stream)) names.emplace_back(entry->d_name);
  ::closedir(stream);
  std::ranges::sort(names);
  return names;
}

// Links are followed: who may make them may write files. Never waits for the writer of a pipe.
Result<Fd> open_regular(int directory, const std::string& name) {
  Fd fd(::openat(directory, name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return os_failure("open", name);
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return os_failure("fstat", name);
  if (!S_ISREG(status.st_mode)) return invalid_input("open", "is not a regular file");
  return fd;
}

class Loader {
 public:
  explicit Loader(WallTime now) { loaded_.set.loaded = now; }

  void problem(const std::string& file, std::string what) {
    loaded_.problems.push_back({file, {}, std::move(what)});
  }
  void note(std::string what) { loaded_.notes.push_back(std::move(what)); }

  void read(const std::string& name, const Fd& fd) {
    ReadBuffer buffer;
    const auto text = buffer.read_all(fd, name);
    if (!text) return problem(name, text.error().message());
    Decoded decoded = decode(name, *text);
    loaded_.set.files.push_back(name);
    std::ranges::move(decoded.rules, std::back_inserter(loaded_.set.rules));
    std::ranges::move(decoded.problems, std::back_inserter(loaded_.problems));
  }

  Loaded done() {
    // Also of files with other problems: who mends them wants to know all of it.
    std::ranges::move(ties_of(loaded_.set.rules), std::back_inserter(loaded_.problems));
    return std::move(loaded_);
  }

 private:
  Loaded loaded_;
};

}  // namespace

Loaded load_directory(const std::string& directory, WallTime now, uid_t owner) {
  Loader loader(now);
  const DirFd dir(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!dir) {
    const Error error = os_failure("open", directory).error();
    if (error.os_error == ENOENT)
      loader.note(directory + ": is not there: no policies");
    else
      loader.problem(directory, error.message());
    return loader.done();
  }
  if (const std::string why = distrust(dir, owner, directory); !why.empty()) {
    loader.problem(directory, why);
    return loader.done();
  }
  const auto names = list(dir, directory);
  if (!names) {
    loader.problem(directory, names.error().message());
    return loader.done();
  }
  for (const std::string& name : *names) {
    if (name.starts_with('.')) continue;
    if (!name.ends_with(kSuffix)) {
      loader.note(directory + "/" + name + ": not read, its name does not end in .yaml");
      continue;
    }
    const auto fd = open_regular(dir.get(), name);
    if (!fd)
      loader.problem(name, fd.error().message());
    else if (const std::string why = distrust(*fd, owner, directory + "/" + name); !why.empty())
      loader.problem(name, why);
    else
      loader.read(name, *fd);
  }
  return loader.done();
}

Loaded load_file(const std::string& path, WallTime now) {
  Loader loader(now);
  if (const auto fd = open_regular(AT_FDCWD, path); !fd)
    loader.problem(path, fd.error().message());
  else
    loader.read(path, *fd);
  return loader.done();
}

Result<std::string> read_trusted(const std::string& path, uid_t owner) {
  const Fd fd = PLIMSOLL_TRY(open_regular(AT_FDCWD, path));
  if (const std::string why = distrust(fd, owner, path); !why.empty())
    return invalid_input("open", why);
  ReadBuffer buffer;
  const std::string_view text = PLIMSOLL_TRY(buffer.read_all(fd, path));
  return std::string(text);
}

Loaded PolicyBook::reload(WallTime now) {
  Loaded loaded = load_directory(directory_, now, owner_);
  const std::scoped_lock guard(mutex_);
  problems_ = loaded.problems;
  if (problems_.empty()) current_ = std::make_shared<const PolicySet>(loaded.set);
  return loaded;
}

PolicyBook::SetPtr PolicyBook::current() const {
  const std::scoped_lock guard(mutex_);
  return current_;
}

std::vector<Problem> PolicyBook::problems() const {
  const std::scoped_lock guard(mutex_);
  return problems_;
}

}  // namespace plimsoll::policy
