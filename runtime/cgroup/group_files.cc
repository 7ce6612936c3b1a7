#include "runtime/cgroup/group_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/read_file.h"
#include "cgroupfs/tree/group_path.h"

namespace plimsoll::runtime {

Result<> write_to(const Fd& fd, const std::string& file, std::string_view text) {
  // A write of nothing never reaches the kernel's parser: a lone newline empties a cpuset.
  const std::string_view bytes = text.empty() ? std::string_view("\n") : text;
  const ssize_t written = ::pwrite(fd.get(), bytes.data(), bytes.size(), 0);
  if (written == static_cast<ssize_t>(bytes.size())) return {};
  const int os_error = written < 0 ? errno : EIO;
  return os_failure("write", file + " <- " + std::string(text), os_error);
}

Result<> write_once(const DirFd& root, const std::string& file, std::string_view text) {
  const Fd fd = PLIMSOLL_TRY(open_at(root, file.c_str(), O_WRONLY));
  return write_to(fd, file, text);
}

Result<const Fd*> GroupFiles::open(const limit::Place& place, const std::string& file) {
  std::string name = cgroupfs::relative(place.cgroup);
  name += '/';
  name += file;
  if (!fd_ || hierarchy_ != place.hierarchy || name_ != name) {
    fd_ = PLIMSOLL_TRY(open_at(layout_.hierarchies[place.hierarchy].dir, name.c_str(), O_RDWR));
    hierarchy_ = place.hierarchy;
    name_ = std::move(name);
  }
  return &fd_;
}

Result<std::string> GroupFiles::read(const limit::Place& place, const std::string& file) {
  const Fd* fd = PLIMSOLL_TRY(open(place, file));
  // Control files with a limit are far shorter; those with a line per device may not be.
  char bytes[4096];
  const ssize_t count = ::pread(fd->get(), bytes, sizeof bytes, 0);
  if (count < 0) return os_failure("read", file);
  std::string text(bytes, static_cast<std::size_t>(count));
  if (text.size() == sizeof bytes) {
    ReadBuffer buffer;
    text = PLIMSOLL_TRY(buffer.pread_all(*fd, file));
  }
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

Result<> GroupFiles::write(const limit::Place& place, const std::string& file,
                           std::string_view text) {
  const Fd* fd = PLIMSOLL_TRY(open(place, file));
  return write_to(*fd, file, text);
}

}  // namespace plimsoll::runtime
