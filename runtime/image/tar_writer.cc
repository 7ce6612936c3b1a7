#include "runtime/image/tar_writer.h"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "runtime/image/disk.h"
#include "runtime/image/vfs.h"

namespace plimsoll::image {

struct TarWriter::Head {
  std::string path;
  char type = '0';
  struct stat status{};
  std::string link;
  std::uint64_t size = 0;
  std::map<std::string, std::string> attributes;
};

namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kNameSize = 100;
constexpr std::size_t kChunk = std::size_t{128} << 10U;
constexpr unsigned kMostId = 07777777;
constexpr std::uint64_t kMostSize = 077777777777;

void put_text(std::string& block, std::size_t at, std::size_t size, std::string_view text) {
  const std::string_view fits = text.substr(0, size);
  block.replace(at, fits.size(), fits);
}

void put_octal(std::string& block, std::size_t at, std::size_t size, std::uint64_t number) {
  for (std::size_t i = size - 1; i-- > 0; number >>= 3U)
    block[at + i] = static_cast<char>('0' + (number & 7U));
}

std::string record(const std::string& key, const std::string& value) {
  const std::string rest = " " + key + "=" + value + "\n";
  std::size_t size = rest.size();
  // The length counts its own digits.
  while (size != rest.size() + std::to_string(size).size())
    size = rest.size() + std::to_string(size).size();
  return std::to_string(size) + rest;
}

// What people set, and what a program may do by its file. overlayfs' own stays here.
Result<std::map<std::string, std::string>> attributes_of(const Fd& file) {
  std::map<std::string, std::string> attributes;
  std::vector<char> names(std::size_t{64} << 10U);
  const ssize_t size = ::flistxattr(file.get(), names.data(), names.size());
  if (size <= 0) return attributes;
  std::vector<char> value(std::size_t{64} << 10U);
  std::string_view rest(names.data(), static_cast<std::size_t>(size));
  while (!rest.empty()) {
    const std::string name(rest.substr(0, rest.find('\0')));
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
    if (name != "security.capability" &&
        (!name.starts_with("user.") || name.starts_with("user.overlay.")))
      continue;
    const ssize_t n = ::fgetxattr(file.get(), name.c_str(), value.data(), value.size());
    if (n < 0 && errno != ENODATA) return os_failure("fgetxattr", name);
    if (n >= 0) attributes.emplace(name, std::string(value.data(), static_cast<std::size_t>(n)));
  }
  return attributes;
}

char type_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return '5';
    case S_IFLNK:
      return '2';
    case S_IFCHR:
      return '3';
    case S_IFBLK:
      return '4';
    case S_IFIFO:
      return '6';
    default:
      return '0';
  }
}

}  // namespace

Result<> TarWriter::put(std::string_view bytes) {
  if (sink_(bytes)) return {};
  return failure(ErrorKind::kGone, "write", "nobody takes the archive any more");
}

Result<> TarWriter::put_padding(std::uint64_t size) {
  return put(std::string((kBlock - size % kBlock) % kBlock, '\0'));
}

Result<> TarWriter::put_pax(const Head& head) {
  std::string records;
  const struct stat& status = head.status;
  if (head.path.size() > kNameSize) records += record("path", head.path);
  if (head.link.size() > kNameSize) records += record("linkpath", head.link);
  if (head.size > kMostSize) records += record("size", std::to_string(head.size));
  if (status.st_uid > kMostId) records += record("uid", std::to_string(status.st_uid));
  if (status.st_gid > kMostId) records += record("gid", std::to_string(status.st_gid));
  const timespec& time = status.st_mtim;
  if (time.tv_nsec != 0 || time.tv_sec < 0) {
    std::string nanoseconds = std::to_string(time.tv_nsec);
    nanoseconds.insert(0, 9 - std::min<std::size_t>(9, nanoseconds.size()), '0');
    if (time.tv_sec >= 0)
      records += record("mtime", std::to_string(time.tv_sec) + "." + nanoseconds);
    else
      records += record("mtime", std::to_string(time.tv_sec));
  }
  for (const auto& [name, value] : head.attributes)
    records += record("SCHILY.xattr." + name, value);
  if (records.empty()) return {};
  Head extended;
  extended.path = "PaxHeaders.0/" + head.path.substr(head.path.rfind('/') + 1).substr(0, 80);
  extended.type = 'x';
  extended.status.st_mode = 0644;
  extended.size = records.size();
  PLIMSOLL_TRY(put_head(extended));
  PLIMSOLL_TRY(put(records));
  return put_padding(records.size());
}

Result<> TarWriter::put_head(const Head& head) {
  if (head.type != 'x') PLIMSOLL_TRY(put_pax(head));
  std::string block(kBlock, '\0');
  const struct stat& status = head.status;
  put_text(block, 0, kNameSize, head.path);
  put_octal(block, 100, 8, status.st_mode & 07777U);
  put_octal(block, 108, 8, std::min(status.st_uid, kMostId));
  put_octal(block, 116, 8, std::min(status.st_gid, kMostId));
  put_octal(block, 124, 12, std::min(head.size, kMostSize));
  put_octal(block, 136, 12,
            static_cast<std::uint64_t>(std::max<std::int64_t>(0, status.st_mtim.tv_sec)));
  block[156] = head.type;
  put_text(block, 157, kNameSize, head.link);
  put_text(block, 257, 5, "ustar");
  put_text(block, 263, 2, "00");
  if (head.type == '3' || head.type == '4') {
    put_octal(block, 329, 8, major(status.st_rdev));
    put_octal(block, 337, 8, minor(status.st_rdev));
  }
  put_text(block, 148, 8, "        ");
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  put_octal(block, 148, 7, sum);
  block[154] = '\0';
  return put(block);
}

Result<> TarWriter::put_data(const Fd& file, std::uint64_t size) {
  std::vector<char> buffer(kChunk);
  std::uint64_t left = size;
  while (left > 0) {
    const std::size_t most = std::min<std::uint64_t>(left, buffer.size());
    const ssize_t n = ::read(file.get(), buffer.data(), most);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_failure("read", "");
    std::size_t count = static_cast<std::size_t>(n);
    if (n == 0) {
      // It became shorter since its size was written down.
      std::fill_n(buffer.begin(), most, '\0');
      count = most;
    }
    PLIMSOLL_TRY(put({buffer.data(), count}));
    left -= count;
  }
  return put_padding(size);
}

Result<> TarWriter::add_regular(const DirFd& directory, const std::string& name, Head head) {
  // O_NONBLOCK: should it be a pipe by now.
  const Fd file(
      ::openat(directory.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file && (errno == ENOENT || errno == ELOOP)) return {};
  if (!file) return os_failure("openat", head.path);
  if (::fstat(file.get(), &head.status) != 0) return os_failure("fstat", head.path);
  if (!S_ISREG(head.status.st_mode)) return {};
  if (head.status.st_nlink > 1) {
    const auto [known, is_new] =
        linked_.try_emplace({head.status.st_dev, head.status.st_ino}, head.path);
    if (!is_new) {
      head.type = '1';
      head.link = known->second;
      return put_head(head);
    }
  }
  head.size = static_cast<std::uint64_t>(head.status.st_size);
  head.attributes = PLIMSOLL_TRY(attributes_of(file));
  PLIMSOLL_TRY(put_head(head));
  return in(head.path, put_data(file, head.size));
}

Result<> TarWriter::add(const DirFd& directory, const std::string& name, const std::string& path) {
  Head head;
  head.path = path;
  if (::fstatat(directory.get(), name.c_str(), &head.status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return {};
    return os_failure("fstatat", path);
  }
  const mode_t mode = head.status.st_mode;
  if (S_ISSOCK(mode)) return {};
  if (S_ISREG(mode)) return add_regular(directory, name, std::move(head));
  if (S_ISDIR(mode)) {
    const DirFd inner(
        ::openat(directory.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!inner && errno == ENOENT) return {};
    if (!inner) return os_failure("openat", path);
    return add_directory(inner, path);
  }
  head.type = type_of(mode);
  if (S_ISLNK(mode)) head.link = PLIMSOLL_TRY(read_link(directory, name));
  return put_head(head);
}

Result<> TarWriter::add_directory(const DirFd& directory, const std::string& path) {
  if (path.empty()) return {};
  Head head;
  head.path = path.ends_with('/') ? path : path + "/";
  head.type = '5';
  if (::fstat(directory.get(), &head.status) != 0) return os_failure("fstat", path);
  head.attributes = PLIMSOLL_TRY(attributes_of(directory));
  return put_head(head);
}

Result<> TarWriter::add_below(const DirFd& directory, const std::string& path,
                              Whiteouts whiteouts) {
  const bool as_layer = whiteouts == Whiteouts::kAsLayersHave;
  const std::string prefix = path.empty() || path.ends_with('/') ? path : path + "/";
  if (as_layer && is_opaque(directory)) PLIMSOLL_TRY(add_text(prefix + ".wh..wh..opq", "", 0));
  const std::vector<std::string> names = PLIMSOLL_TRY(names_in(directory));
  for (const std::string& name : names) {
    struct stat status{};
    if (::fstatat(directory.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (as_layer && S_ISCHR(status.st_mode) && status.st_rdev == 0) {
      PLIMSOLL_TRY(add_text(prefix + ".wh." + name, "", 0));
      continue;
    }
    if (!S_ISDIR(status.st_mode)) {
      PLIMSOLL_TRY(add(directory, name, prefix + name));
      continue;
    }
    const DirFd inner(
        ::openat(directory.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!inner && (errno == ENOENT || errno == ELOOP || errno == ENOTDIR)) continue;
    if (!inner) return os_failure("openat", prefix + name);
    PLIMSOLL_TRY(add_directory(inner, prefix + name));
    PLIMSOLL_TRY(add_below(inner, prefix + name, whiteouts));
  }
  return {};
}

Result<> TarWriter::add_text(const std::string& path, std::string_view text, std::int64_t time) {
  Head head;
  head.path = path;
  head.status.st_mode = 0644;
  head.status.st_mtim.tv_sec = time;
  head.size = text.size();
  PLIMSOLL_TRY(put_head(head));
  PLIMSOLL_TRY(put(text));
  return put_padding(text.size());
}

Result<> TarWriter::add_file(const std::string& path, const Fd& file, std::int64_t time) {
  Head head;
  head.path = path;
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return os_failure("fstat", path);
  head.status.st_mode = 0644;
  head.status.st_mtim.tv_sec = time;
  head.size = static_cast<std::uint64_t>(status.st_size);
  PLIMSOLL_TRY(put_head(head));
  return in(path, put_data(file, head.size));
}

Result<> TarWriter::finish() {
  return put(std::string(2 * kBlock, '\0'));
}

}  // namespace plimsoll::image
