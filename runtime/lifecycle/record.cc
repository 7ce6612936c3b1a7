#include "runtime/lifecycle/record.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "base/fill_in.h"
#include "base/number.h"
#include "base/read_file.h"
#include "base/text.h"

namespace plimsoll::runtime {

namespace {

constexpr std::size_t kLongestId = 1024;
constexpr const char* kAbsent = "container does not exist";

// One "key value" a line. Values are paths and may contain anything: a newline is written "\n".
void append(std::string& text, std::string_view key, std::string_view value) {
  text += key;
  text += ' ';
  for (const char letter : value) {
    if (letter == '\n') {
      text += "\\n";
    } else if (letter == '\\') {
      text += "\\\\";
    } else {
      text += letter;
    }
  }
  text += '\n';
}

std::string unescaped(std::string_view value) {
  std::string text;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const bool escape = value[i] == '\\' && i + 1 < value.size();
    if (escape) ++i;
    text += escape && value[i] == 'n' ? '\n' : value[i];
  }
  return text;
}

bool is_id_letter(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         (letter >= '0' && letter <= '9') || std::string_view("_+-.").contains(letter);
}

bool take(Record& record, std::string_view key, std::string value) {
  if (key == "id") {
    record.id = std::move(value);
  } else if (key == "bundle") {
    record.bundle = std::move(value);
  } else if (key == "ociVersion") {
    record.oci_version = std::move(value);
  } else if (key == "rootfs") {
    record.rootfs = std::move(value);
  } else if (key == "created") {
    record.created = to_number<std::int64_t>(value).value_or(0);
  } else if (key == "pid") {
    record.pid = to_number<pid_t>(value).value_or(0);
  } else if (key == "startTicks") {
    record.start_ticks = to_number<std::uint64_t>(value).value_or(0);
  } else if (key == "cgroupManager") {
    record.cgroup.manager = value == "systemd" ? CgroupManager::kSystemd : CgroupManager::kFiles;
  } else if (key == "cgroupUnit") {
    record.cgroup.unit = std::move(value);
  } else if (key == "cgroup") {
    record.cgroup.group = std::move(value);
  } else if (key == "place") {
    const std::size_t space = value.find(' ');
    if (space == std::string::npos) return false;
    record.cgroup.places.push_back({value.substr(0, space), value.substr(space + 1)});
  }
  return true;
}

Result<DirFd> open_locked(const DirFd& root, const std::string& id, int wait) {
  const int fd = ::openat(root.get(), id.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
    return failure(ErrorKind::kGone, "state", kAbsent);
  if (fd < 0) return os_failure("openat", id);
  DirFd directory(fd);
  if (::flock(fd, LOCK_EX | wait) != 0) return os_failure("flock", id);
  // Removed, or removed and made anew, while we waited: then this one is nobody's.
  struct stat held{};
  struct stat named{};
  if (::fstat(fd, &held) != 0) return os_failure("fstat", id);
  if (::fstatat(root.get(), id.c_str(), &named, AT_SYMLINK_NOFOLLOW) != 0 ||
      held.st_ino != named.st_ino)
    return failure(ErrorKind::kGone, "state", kAbsent);
  return directory;
}

}  // namespace

std::string encode(const Record& record) {
  std::string text;
  append(text, "id", record.id);
  append(text, "bundle", record.bundle);
  append(text, "ociVersion", record.oci_version);
  append(text, "rootfs", record.rootfs);
  append(text, "created", std::to_string(record.created));
  append(text, "pid", std::to_string(record.pid));
  append(text, "startTicks", std::to_string(record.start_ticks));
  append(text, "cgroupManager",
         record.cgroup.manager == CgroupManager::kSystemd ? "systemd" : "files");
  append(text, "cgroupUnit", record.cgroup.unit);
  append(text, "cgroup", record.cgroup.group);
  for (const CgroupPlace& place : record.cgroup.places)
    append(text, "place", place.hierarchy + " " + place.path);
  text += "end\n";
  return text;
}

Result<Record> decode_record(std::string_view text) {
  Record record;
  std::string_view line;
  while (next_line(text, line)) {
    if (line == "end") return record;
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos ||
        !take(record, line.substr(0, space), unescaped(line.substr(space + 1))))
      return malformed(line);
  }
  return malformed("a record without its last line");
}

Result<> check_id(std::string_view id) {
  if (id.empty()) return invalid_input("id", "container id cannot be empty");
  const bool clean =
      id.size() <= kLongestId && id != "." && id != ".." && std::ranges::all_of(id, is_id_letter);
  if (!clean) return invalid_input("id", "invalid container ID format");
  return {};
}

Result<Directory> Directory::make(const DirFd& root, const std::string& id) {
  PLIMSOLL_TRY(check_id(id));
  if (::mkdirat(root.get(), id.c_str(), 0700) != 0) {
    if (errno == EEXIST)
      return failure(ErrorKind::kBusy, "state", "container with given ID already exists");
    return os_failure("mkdirat", id);
  }
  Directory directory;
  directory.fd_ = PLIMSOLL_TRY(open_locked(root, id, 0));
  return directory;
}

Result<Directory> Directory::open(const DirFd& root, const std::string& id) {
  PLIMSOLL_TRY(check_id(id));
  Directory directory;
  directory.fd_ = PLIMSOLL_TRY(open_locked(root, id, 0));
  return directory;
}

Result<> Directory::write(const char* name, std::string_view text) const {
  const std::string temporary = std::string(name) + ".new";
  {
    const int fd = ::openat(fd_.get(), temporary.c_str(),
                            O_CREAT | O_TRUNC | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) return os_failure("openat", temporary);
    const Fd file(fd);
    while (!text.empty()) {
      const ssize_t n = ::write(fd, text.data(), text.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return os_failure("write", temporary);
      text.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  if (::renameat(fd_.get(), temporary.c_str(), fd_.get(), name) != 0)
    return os_failure("renameat", name);
  return {};
}

Result<std::string> Directory::read(const char* name) const {
  return read_file_at(fd_, name);
}

Result<> Directory::remove(const DirFd& root, const std::string& id) const {
  const int list = ::openat(fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (list < 0) return os_failure("openat", id);
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(list), &::closedir);
  if (!entries) return os_failure("fdopendir", id);
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (::unlinkat(fd_.get(), entry->d_name, 0) != 0 && errno != ENOENT)
      return os_failure("unlinkat", name);
  }
  if (::unlinkat(root.get(), id.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT)
    return os_failure("unlinkat", id);
  return {};
}

Result<DirFd> open_state_root(const std::string& path) {
  for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) return os_failure("mkdir", part);
    if (slash == std::string::npos) break;
  }
  DirFd root = PLIMSOLL_TRY(open_dir(path.c_str()));
  struct stat status{};
  if (::fstat(root.get(), &status) != 0) return os_failure("fstat", path);
  if (status.st_uid != ::geteuid())
    return failure(ErrorKind::kDenied, "state", fill_in("root {} belongs to somebody else", path));
  // Engines make it 0711; nobody needs to pass through it.
  if ((status.st_mode & 0077) != 0 && ::chmod(path.c_str(), 0700) != 0)
    return os_failure("chmod", path);
  return root;
}

Result<std::vector<std::string>> list_ids(const DirFd& root) {
  const int list = ::openat(root.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (list < 0) return os_failure("openat", "the state directory");
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(list), &::closedir);
  if (!entries) return os_failure("fdopendir", "the state directory");
  std::vector<std::string> ids;
  while (const dirent* entry = ::readdir(entries.get())) {
    if (entry->d_name[0] != '.' && check_id(entry->d_name)) ids.emplace_back(entry->d_name);
  }
  std::ranges::sort(ids);
  return ids;
}

}  // namespace plimsoll::runtime
