// plimsoll-init: the first process of a container with --init. Starts the program, passes signals
// on to it, reaps whatever is left behind, and ends as the program ends.
//   plimsoll-init -- PROGRAM [ARGUMENT...]
// Static, and without anything but system calls: it runs on whatever file system there is.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

namespace {

constexpr int kSignaled = 128;
constexpr int kNotExecutable = 126;
constexpr int kNotFound = 127;
constexpr int kUsage = 2;

void say(std::string_view text) {
  [[maybe_unused]] const ssize_t n = ::write(2, text.data(), text.size());
}

// A group of its own, in front of the terminal if there is one: what a shell expects.
[[noreturn]] void become(char** words, const sigset_t& mask) {
  ::setpgid(0, 0);
  ::signal(SIGTTOU, SIG_IGN);
  ::tcsetpgrp(0, ::getpgrp());
  ::signal(SIGTTOU, SIG_DFL);
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  ::execvp(words[0], words);
  const int why = errno;
  say("plimsoll-init: exec ");
  say(words[0]);
  say(why == ENOENT ? ": no such file or directory\n" : ": permission denied\n");
  ::_exit(why == ENOENT ? kNotFound : kNotExecutable);
}

// All that ended; the program's status, or -1.
int reap(pid_t program) {
  int found = -1;
  for (;;) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid <= 0) return found;
    if (pid == program) found = status;
  }
}

}  // namespace

int main(int argc, char** argv) {
  int first = 1;
  if (first < argc && std::string_view(argv[first]) == "--") ++first;
  if (first >= argc) {
    say("usage: plimsoll-init -- PROGRAM [ARGUMENT...]\n");
    return kUsage;
  }
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  // A fault of ours must end us.
  for (const int fault : {SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGABRT, SIGTRAP, SIGSYS})
    ::sigdelset(&all, fault);
  ::sigprocmask(SIG_SETMASK, &all, &before);
  const pid_t program = ::fork();
  if (program < 0) {
    say("plimsoll-init: fork failed\n");
    return 1;
  }
  if (program == 0) become(argv + first, before);
  for (;;) {
    siginfo_t info{};
    const int signal = ::sigwaitinfo(&all, &info);
    if (signal < 0) continue;
    if (signal != SIGCHLD) {
      ::kill(program, signal);
      continue;
    }
    const int status = reap(program);
    if (status == -1) continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : kSignaled + WTERMSIG(status);
  }
}
