#include "exporter/push/queue.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "base/read_file.h"
#include "exporter/push/batch_file.h"

namespace plimsoll::exporter {

namespace {

constexpr std::string_view kSuffix = ".batch";
constexpr const char* kTemporary = "writing.tmp";
constexpr const char* kLock = "lock";
constexpr int kIdDigits = 16;

// Sixteen hex digits, so that names sort as numbers.
std::string file_name(std::uint64_t id) {
  std::array<char, kIdDigits> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), id, 16);
  const std::string text(digits.data(), end);
  return std::string(kIdDigits - text.size(), '0') + text + std::string(kSuffix);
}

std::optional<std::uint64_t> id_of(std::string_view name) {
  if (name.size() != kIdDigits + kSuffix.size() || !name.ends_with(kSuffix)) return std::nullopt;
  name.remove_suffix(kSuffix.size());
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id, 16);
  if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return id;
}

Result<> write_all(const Fd& file, std::string_view bytes, const char* name) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(file.get(), bytes.data(), bytes.size());
    if (n >= 0)
      bytes.remove_prefix(static_cast<std::size_t>(n));
    else if (errno != EINTR)
      return os_failure("write", name);
  }
  return {};
}

Result<Fd> create_file(const DirFd& directory, const char* name) {
  const int fd =
      ::openat(directory.get(), name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return os_failure("openat", name);
  return Fd(fd);
}

Result<std::vector<std::string>> names_in(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code failed;
  for (std::filesystem::directory_iterator entry(directory, failed), end; !failed && entry != end;
       entry.increment(failed))
    names.push_back(entry->path().filename().string());
  if (failed) return os_failure("readdir", directory, failed.value());
  return names;
}

}  // namespace

Result<std::unique_ptr<PushQueue>> PushQueue::open(const std::string& directory,
                                                   std::uint64_t max_bytes) {
  std::error_code failed;
  const std::filesystem::path parent = std::filesystem::path(directory).parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, failed);
  if (failed) return os_failure("mkdir", parent.string(), failed.value());
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
    return os_failure("mkdir", directory);
  DirFd opened = PLIMSOLL_TRY(open_dir(directory.c_str()));
  Fd lock = PLIMSOLL_TRY(in(directory, create_file(opened, kLock)));
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
    return os_failure("flock", directory +
                                   ": another exporter pushes from here; give each its own "
                                   "--push.queue-dir");
  std::unique_ptr<PushQueue> queue(new PushQueue(std::move(opened), std::move(lock), max_bytes));
  std::vector<std::string> names = PLIMSOLL_TRY(names_in(directory));
  PLIMSOLL_TRY(in(directory, queue->take_over(std::move(names))));
  return queue;
}

PushQueue::PushQueue(DirFd directory, Fd lock, std::uint64_t max_bytes)
    : directory_(std::move(directory)), lock_(std::move(lock)), max_bytes_(max_bytes) {}

// What an earlier process left, oldest first. Bodies are proven when they are read for sending.
Result<> PushQueue::take_over(std::vector<std::string> names) {
  const std::scoped_lock guard(mutex_);
  std::ranges::sort(names);
  for (const std::string& name : names) {
    const std::optional<std::uint64_t> id = id_of(name);
    if (!id) continue;
    const Fd file = PLIMSOLL_TRY(open_at(directory_, name.c_str(), O_RDONLY));
    std::array<char, kBatchHeader> header{};
    const ssize_t n = ::pread(file.get(), header.data(), header.size(), 0);
    if (n < 0) return os_failure("pread", name);
    struct stat about{};
    if (::fstat(file.get(), &about) != 0) return os_failure("fstat", name);
    const std::optional<std::uint64_t> samples =
        samples_in_header({header.data(), static_cast<std::size_t>(n)});
    entries_.push_back({*id, static_cast<std::uint64_t>(about.st_size), samples.value_or(0), {}});
    next_id_ = *id + 1;
    stats_.bytes += entries_.back().bytes;
    stats_.samples += entries_.back().samples;
  }
  make_room(0);
  return {};
}

Result<> PushQueue::write(const Entry& entry, const Batch& batch) const {
  const Result<> written = [&]() -> Result<> {
    const Fd file = PLIMSOLL_TRY(create_file(directory_, kTemporary));
    PLIMSOLL_TRY(write_all(file, batch_header(batch), kTemporary));
    PLIMSOLL_TRY(write_all(file, batch.body, kTemporary));
    const std::string name = file_name(entry.id);
    if (::renameat(directory_.get(), kTemporary, directory_.get(), name.c_str()) != 0)
      return os_failure("renameat", name);
    return {};
  }();
  // Half a file is of no use to anyone; if even this fails, the next write truncates it.
  if (!written) static_cast<void>(::unlinkat(directory_.get(), kTemporary, 0));
  return written;
}

Result<> PushQueue::push(Batch batch) {
  const std::scoped_lock guard(mutex_);
  Entry entry{next_id_++, batch.body.size() + kBatchHeader, batch.samples, {}};
  make_room(entry.bytes);
  const Result<> written = write(entry, batch);
  if (!written) {
    entry.in_memory = std::move(batch);
    ++stats_.memory_batches;
  }
  stats_.bytes += entry.bytes;
  stats_.samples += entry.samples;
  entries_.push_back(std::move(entry));
  return written;
}

std::optional<PushQueue::Front> PushQueue::front() {
  const std::scoped_lock guard(mutex_);
  while (!entries_.empty()) {
    const Entry& entry = entries_.front();
    if (entry.in_memory) return Front{entry.id, *entry.in_memory};
    constexpr std::size_t kLargest = std::size_t{256} << 20;
    const Result<std::string> file =
        read_file_at(directory_, file_name(entry.id).c_str(), kLargest);
    if (file)
      if (std::optional<Batch> batch = read_batch(*file)) return Front{entry.id, *std::move(batch)};
    ++stats_.damaged_batches;
    remove_front();
  }
  return std::nullopt;
}

void PushQueue::pop(std::uint64_t id) {
  const std::scoped_lock guard(mutex_);
  if (!entries_.empty() && entries_.front().id == id) remove_front();
}

void PushQueue::remove_front() {
  const Entry& entry = entries_.front();
  // A file that stays is sent again after a restart, which receivers take for a duplicate.
  if (!entry.in_memory)
    static_cast<void>(::unlinkat(directory_.get(), file_name(entry.id).c_str(), 0));
  stats_.bytes -= entry.bytes;
  stats_.samples -= entry.samples;
  entries_.pop_front();
}

void PushQueue::make_room(std::uint64_t bytes) {
  while (!entries_.empty() && stats_.bytes + bytes > max_bytes_) {
    stats_.dropped_samples += entries_.front().samples;
    remove_front();
  }
}

PushQueueStats PushQueue::stats() const {
  const std::scoped_lock guard(mutex_);
  PushQueueStats now = stats_;
  now.batches = entries_.size();
  return now;
}

}  // namespace plimsoll::exporter
