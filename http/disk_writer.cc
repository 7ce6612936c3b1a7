#include "http/disk_writer.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace plimsoll::http {

namespace {

int write_all(const Fd& file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(file.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

}  // namespace

Result<Fd> open_unnamed(const std::string& directory) {
  const int fd = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0) return Fd(fd);
  // Old overlay and network file systems have no nameless files; EISDIR: a kernel that is older.
  if (errno != EOPNOTSUPP && errno != EISDIR) return os_failure("open", directory);
  std::string name = directory + "/.plimsoll-body-XXXXXX";
  Fd named(::mkostemp(name.data(), O_CLOEXEC));
  if (!named) return os_failure("mkostemp", name);
  if (::unlink(name.c_str()) != 0) return os_failure("unlink", name);
  return named;
}

DiskWriter::~DiskWriter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  more_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void DiskWriter::write(std::shared_ptr<const Fd> file, std::string bytes, Done done) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back({std::move(file), std::move(bytes), std::move(done)});
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  }
  more_.notify_one();
}

void DiskWriter::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    more_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job.done(write_all(*job.file, job.bytes));
    lock.lock();
  }
}

}  // namespace plimsoll::http
