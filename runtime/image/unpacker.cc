#include "runtime/image/unpacker.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <string_view>
#include <utility>

#include "base/number.h"
#include "base/text.h"
#include "runtime/image/digest.h"

namespace plimsoll::image {

namespace {

constexpr std::size_t kMostReport = std::size_t{32} << 20U;
constexpr int kFirstFree = 10;  // Above the numbers the program expects.

struct Pipe {
  Fd read;
  Fd write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return os_failure("pipe2", "");
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

Result<Fd> lift(const Fd& fd) {
  Fd high(::fcntl(fd.get(), F_DUPFD_CLOEXEC, kFirstFree));
  if (!high) return os_failure("fcntl", "a descriptor");
  return high;
}

class Actions {
 public:
  Actions() { PLIMSOLL_CHECK(::posix_spawn_file_actions_init(&actions_) == 0); }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
  ~Actions() { ::posix_spawn_file_actions_destroy(&actions_); }
  void give(const Fd& fd, int number) {
    PLIMSOLL_CHECK(::posix_spawn_file_actions_adddup2(&actions_, fd.get(), number) == 0);
  }
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

// The program must see signals as a fresh process does, whatever this one blocks.
class Attributes {
 public:
  Attributes() {
    PLIMSOLL_CHECK(::posix_spawnattr_init(&attributes_) == 0);
    sigset_t none{};
    sigset_t all{};
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  ~Attributes() { ::posix_spawnattr_destroy(&attributes_); }
  [[nodiscard]] const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

Result<std::string> hear(const Fd& pipe) {
  std::string report;
  std::array<char, 4096> chunk{};
  for (;;) {
    const ssize_t n = ::read(pipe.get(), chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_failure("read", "plimsoll-unpack");
    if (n == 0) return report;
    if (report.size() > kMostReport)
      return invalid_input("unpack", "the archive has too many opaque directories");
    report.append(chunk.data(), static_cast<std::size_t>(n));
  }
}

// "done sha256:... 123 4"
Result<Unpacked> take_done(std::string_view record, Unpacked unpacked) {
  std::string_view digest;
  std::string_view bytes;
  if (!next_word(record, digest) || !next_word(record, bytes) || !is_digest(digest))
    return malformed(record);
  const std::optional<std::uint64_t> number = to_number<std::uint64_t>(bytes);
  if (!number) return malformed(record);
  unpacked.digest = digest;
  unpacked.bytes = *number;
  return unpacked;
}

Result<Unpacked> understand(std::string_view report, int status) {
  Unpacked unpacked;
  while (!report.empty()) {
    const std::size_t end = std::min(report.find('\0'), report.size());
    std::string_view record = report.substr(0, end);
    report.remove_prefix(std::min(end + 1, report.size()));
    std::string_view word;
    const std::size_t blank = std::min(record.find(' '), record.size());
    word = record.substr(0, blank);
    record.remove_prefix(std::min(blank + 1, record.size()));
    if (word == "opaque") unpacked.opaque.emplace_back(record);
    if (word == "refused") return invalid_input("unpack", record);
    if (word == "failed") return failure(ErrorKind::kIo, "unpack", record);
    if (word == "done") return take_done(record, std::move(unpacked));
  }
  const std::string how = WIFSIGNALED(status)
                              ? "killed by signal " + std::to_string(WTERMSIG(status))
                              : "exit status " + std::to_string(WEXITSTATUS(status));
  return failure(ErrorKind::kIo, "unpack", "plimsoll-unpack ended without a word: " + how);
}

// Its own position, so that neither reads what the other expects.
Result<Fd> open_again(const Fd& file) {
  const std::string path = "/proc/self/fd/" + std::to_string(file.get());
  Fd again(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!again) return os_failure("open", "the archive");
  return again;
}

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

std::string Unpacker::default_program() {
  std::array<char, PATH_MAX> path{};
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  const std::string self(path.data(), size < 0 ? 0 : static_cast<std::size_t>(size));
  std::string beside = self.substr(0, self.rfind('/') + 1) + "plimsoll-unpack";
  if (::access(beside.c_str(), X_OK) == 0) return beside;
  return "/usr/libexec/plimsoll/plimsoll-unpack";
}

Result<Unpacked> Unpacker::layer(const Fd& archive, const DirFd& directory) const {
  return run("layer", archive, directory, {});
}

Result<Unpacked> Unpacker::files(const Fd& archive, const DirFd& directory) const {
  return run("files", archive, directory, {});
}

Result<Unpacked> Unpacker::plain(const Fd& archive, const Fd& file) const {
  return run("plain", archive, file, {});
}

Result<Unpacked> Unpacker::tree(const Fd& archive, const DirFd& root,
                                std::vector<std::string> options) const {
  return run("tree", archive, root, std::move(options));
}

Result<Unpacked> Unpacker::run(const char* mode, const Fd& archive, const Fd& target,
                               std::vector<std::string> options) const {
  Result<Fd> own = open_again(archive);
  // A pipe or a deleted file without /proc: as it is.
  const Fd input = PLIMSOLL_TRY(lift(own ? *own : archive));
  const Fd output = PLIMSOLL_TRY(lift(target));
  Pipe pipe = PLIMSOLL_TRY(make_pipe());
  pipe.write = PLIMSOLL_TRY(lift(pipe.write));
  for (const auto& [name, value] :
       {std::pair("--bytes", limits_.bytes), std::pair("--entries", limits_.entries),
        std::pair("--ratio", limits_.ratio), std::pair("--free-bytes", limits_.free_bytes)}) {
    if (!value) continue;
    options.emplace_back(name);
    options.push_back(std::to_string(*value));
  }
  std::string name = "plimsoll-unpack";
  std::string word = mode;
  std::vector<char*> words = {name.data(), word.data()};
  for (std::string& option : options) words.push_back(option.data());
  words.push_back(nullptr);
  std::array<char*, 1> environment{};
  Actions actions;
  actions.give(input, 0);
  actions.give(pipe.write, 1);
  actions.give(output, 3);
  const Attributes attributes;
  pid_t pid = 0;
  const int failed = ::posix_spawn(&pid, program_.c_str(), actions.get(), attributes.get(),
                                   words.data(), environment.data());
  if (failed != 0) return os_failure("posix_spawn", program_, failed);
  pipe.write.reset();
  const Result<std::string> report = hear(pipe.read);
  pipe.read.reset();  // Whoever still talks ends.
  const int status = wait_for(pid);
  if (!report) return Failure(report.error());
  return understand(*report, status);
}

}  // namespace plimsoll::image
