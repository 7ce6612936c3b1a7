#include "exporter/collect/process_net.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <utility>

#include "base/number.h"
#include "base/text.h"

namespace plimsoll::exporter {

namespace {

std::string path_of(std::string_view pid, std::string_view file) {
  std::string path(pid);
  path += '/';
  path += file;
  return path;
}

// These files exist for every process: what is missing is the process. EINVAL and ESRCH are procfs'
// words for one that ended after the file was found.
template <class T>
Result<T> or_gone(Result<T> result) {
  if (!result && (result.error().kind == ErrorKind::kNotOffered ||
                  result.error().os_error == EINVAL || result.error().os_error == ESRCH))
    result.error().kind = ErrorKind::kGone;
  return result;
}

}  // namespace

Result<NetnsKey> ProcessNet::key(std::string_view pid) const {
  const std::string path = path_of(pid, "net/dev");
  struct stat info{};
  if (::fstatat(proc_.get(), path.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0)
    return or_gone<NetnsKey>(os_failure("fstatat", path));
  return info.st_ino;
}

Result<ProcessNet::Inside> ProcessNet::read(std::string_view pid) {
  const std::string path = path_of(pid, "net/dev");
  const Fd fd = PLIMSOLL_TRY(or_gone(open_at(proc_, path.c_str(), O_RDONLY)));
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) return os_failure("fstat", path);
  const std::string_view text = PLIMSOLL_TRY(or_gone(buffer_.read_all(fd, path)));
  Inside inside{.key = info.st_ino, .interfaces = PLIMSOLL_TRY(in(path, parse_net_dev(text)))};
  return inside;
}

Result<std::vector<NumberedInterface>> ProcessNet::numbers(std::string_view pid) {
  const std::string path = path_of(pid, "net/dev_mcast");
  return in(path, parse_dev_mcast(PLIMSOLL_TRY(or_gone(buffer_.read_at(proc_, path.c_str())))));
}

Result<std::uint64_t> ProcessNet::start_time(std::string_view pid) {
  const std::string path = path_of(pid, "stat");
  return in(path, parse_start_time(PLIMSOLL_TRY(or_gone(buffer_.read_at(proc_, path.c_str())))));
}

Result<double> ProcessNet::age_seconds(std::uint64_t start_time) {
  std::string_view text = PLIMSOLL_TRY(buffer_.read_at(proc_, "uptime"));
  std::string_view word;
  next_word(text, word);
  const auto uptime = to_double(word);
  if (!uptime) return malformed(word);
  return *uptime - static_cast<double>(start_time) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

Result<Fd> ProcessNet::open_netns(std::string_view pid) const {
  const std::string path = path_of(pid, "ns/net");
  // A magic link that must be followed, hence not open_at.
  Fd fd(::openat(proc_.get(), path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return or_gone<Fd>(os_failure("openat", path));
  return fd;
}

bool ProcessNet::same_pid_namespace() {
  const Result<std::string_view> status = buffer_.read_at(proc_, "self/status");
  if (!status) return false;
  std::string_view text = *status;
  std::string_view line;
  // "NSpid:\t4711\t1": our number in this PROC's namespace, then in each one below it, ours last.
  while (next_line(text, line)) {
    std::string_view word;
    if (!next_word(line, word) || word != "NSpid:") continue;
    return next_word(line, word) && !next_word(line, word);
  }
  return false;
}

bool ProcessNet::is_live() const {
  struct statfs info{};
  return ::fstatfs(proc_.get(), &info) == 0 && info.f_type == PROC_SUPER_MAGIC;
}

}  // namespace plimsoll::exporter
