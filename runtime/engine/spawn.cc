#include "runtime/engine/spawn.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "base/fd.h"
#include "base/number.h"
#include "base/text.h"

namespace plimsoll::engine {
namespace {

constexpr int kReadyFd = 3;

std::vector<std::string> words_of(const KeeperRequest& request) {
  std::vector<std::string> words = {request.shim,
                                    "--dir",
                                    request.dir,
                                    "--pid-file",
                                    request.pid_file,
                                    "--ready-fd",
                                    std::to_string(kReadyFd)};
  if (!request.log.empty()) {
    words.insert(words.end(), {"--log", request.log});
    if (request.log_limits.max_bytes != 0)
      words.insert(words.end(), {"--log-max-size", std::to_string(request.log_limits.max_bytes),
                                 "--log-max-files", std::to_string(request.log_limits.max_files)});
  }
  if (!request.cgroups.empty()) words.insert(words.end(), {"--cgroups", request.cgroups});
  if (request.terminal) words.emplace_back("--terminal");
  if (request.stdin_open) words.emplace_back("--stdin");
  if (request.hold) words.emplace_back("--hold");
  words.emplace_back("--");
  words.insert(words.end(), request.command.begin(), request.command.end());
  return words;
}

class SpawnPlan {
 public:
  SpawnPlan() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
  }
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

Result<pid_t> spawn(const KeeperRequest& request, const Fd& ready) {
  std::vector<std::string> words = words_of(request);
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::string path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  std::array<char*, 2> envp{path.data(), nullptr};
  SpawnPlan plan;
  for (const int fd : {0, 1, 2})
    ::posix_spawn_file_actions_addopen(&plan.actions, fd, "/dev/null", O_RDWR, 0);
  ::posix_spawn_file_actions_adddup2(&plan.actions, ready.get(), kReadyFd);
  sigset_t none;
  ::sigemptyset(&none);
  sigset_t all;
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&plan.attributes, &none);
  ::posix_spawnattr_setsigdefault(&plan.attributes, &all);
  ::posix_spawnattr_setflags(&plan.attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, request.shim.c_str(), &plan.actions, &plan.attributes,
                                  argv.data(), envp.data());
  if (error != 0) return os_failure("posix_spawn", request.shim, error);
  return pid;
}

// Up to the newline, or the end.
Result<std::string> read_answer(const Fd& ready) {
  std::string text;
  std::array<char, 4096> bytes{};
  while (text.find('\n') == std::string::npos) {
    const ssize_t count = ::read(ready.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return os_failure("read", "the keeper's answer");
    if (count == 0) break;
    text.append(bytes.data(), static_cast<std::size_t>(count));
  }
  return std::string(trim(text));
}

}  // namespace

Result<Spawned> spawn_keeper(const KeeperRequest& request) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return os_failure("pipe2", "the keeper's answer");
  const Fd ours(ends[0]);
  Spawned spawned;
  {
    const Fd theirs(ends[1]);
    spawned.keeper = PLIMSOLL_TRY(spawn(request, theirs));
  }
  const std::string answer = PLIMSOLL_TRY(read_answer(ours));
  std::string_view rest = answer;
  if (rest.starts_with("pid ")) {
    if (const auto pid = to_number<pid_t>(rest.substr(4))) {
      spawned.process = *pid;
      return spawned;
    }
  }
  // It leads a session: what it started goes with it, and makes nothing after we have cleared up.
  ::kill(-spawned.keeper, SIGKILL);
  reap_keeper(spawned.keeper);
  if (rest.starts_with("error ")) rest.remove_prefix(6);
  return failure(ErrorKind::kRejected, "keeper",
                 rest.empty() ? "the container's keeper ended before it was ready" : rest);
}

void reap_keeper(pid_t keeper) {
  if (keeper <= 0) return;
  while (::waitpid(keeper, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace plimsoll::engine
