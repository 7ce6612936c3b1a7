#include "runtime/launch/passage.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>

#include "base/fill_in.h"
#include "runtime/launch/act.h"
#include "runtime/launch/kernel.h"

namespace plimsoll::runtime {

namespace {

constexpr std::size_t kNone = SIZE_MAX;

// What the process in between leaves behind, in memory shared with it.
struct Passage {
  pid_t pid = 0;
  int pidfd = -1;
  int os_error = 0;
  std::size_t join = kNone;  // Which of the joins it was.
};

bool enter(const Prepared& prepared, std::size_t i) {
  return ::setns(prepared.joins[i].get(), static_cast<int>(prepared.plan->joins[i].flag)) == 0;
}

// The user namespace between the others: some can only be entered with the rights of before, some
// only with those it gives. The index of the one that cannot be, or kNone.
std::size_t enter_all(const Prepared& prepared) {
  std::uint64_t entered = 0;
  const std::vector<Join>& joins = prepared.plan->joins;
  for (std::size_t i = 0; i < joins.size(); ++i) {
    if (joins[i].flag != CLONE_NEWUSER && enter(prepared, i)) entered |= joins[i].flag;
  }
  for (std::size_t i = 0; i < joins.size(); ++i) {
    if (joins[i].flag != CLONE_NEWUSER) continue;
    if (!enter(prepared, i)) return i;
    entered |= CLONE_NEWUSER;
  }
  for (std::size_t i = 0; i < joins.size(); ++i) {
    if ((entered & joins[i].flag) == 0 && !enter(prepared, i)) return i;
  }
  return kNone;
}

[[noreturn]] void pass(const Prepared& prepared, clone_args arguments, Passage& passage) {
  passage.join = enter_all(prepared);
  if (passage.join == kNone) {
    // A child of our parent's; it ends with the same signal as we do.
    arguments.flags |= CLONE_PARENT;
    arguments.exit_signal = 0;
    arguments.pidfd = reinterpret_cast<std::uint64_t>(&passage.pidfd);
    const pid_t pid = clone3(arguments);
    if (pid == 0) child_main(prepared);
    passage.pid = pid;  // Not the child's own zero, into memory that it shares.
  }
  passage.os_error = errno;
  ::_exit(0);
}

Result<pid_t> outcome(const Prepared& prepared, const Passage& passage, int& pidfd) {
  if (passage.join != kNone) {
    const Join& join = prepared.plan->joins[passage.join];
    return failure(
        kind_of(passage.os_error), "launch",
        fill_in("joining the namespace {}: setns: {}", join.path, go_text(passage.os_error)));
  }
  if (passage.pid < 0)
    return failure(kind_of(passage.os_error), "launch",
                   fill_in("clone3: {}", go_text(passage.os_error)));
  if (passage.pid == 0)
    return failure(ErrorKind::kGone, "launch", "the process that joins namespaces was ended");
  pidfd = passage.pidfd;
  return passage.pid;
}

}  // namespace

bool needs_passage(const Plan& plan) {
  if (plan.joins.empty()) return false;
  return (plan.new_namespaces & CLONE_NEWUSER) != 0 ||
         std::ranges::any_of(plan.joins,
                             [](const Join& join) { return join.flag == CLONE_NEWUSER; });
}

bool passes_through_a_cgroup_namespace(const Plan& plan) {
  return needs_passage(plan) && std::ranges::any_of(plan.joins, [](const Join& join) {
           return join.flag == CLONE_NEWCGROUP;
         });
}

Result<pid_t> clone_through(const Prepared& prepared, clone_args arguments, int& pidfd) {
  void* const memory =
      ::mmap(nullptr, sizeof(Passage), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return os_failure("mmap", "for a process that joins namespaces");
  auto* const passage = new (memory) Passage;
  clone_args between{};
  between.flags = CLONE_FILES;  // The pidfd is to be ours.
  between.exit_signal = SIGCHLD;
  const pid_t pid = clone3(between);
  if (pid == 0) pass(prepared, arguments, *passage);
  const int os_error = errno;
  while (pid > 0 && ::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  const Passage left = *passage;
  ::munmap(memory, sizeof(Passage));
  if (pid < 0) return os_failure("clone3", "a process that joins namespaces", os_error);
  return outcome(prepared, left, pidfd);
}

}  // namespace plimsoll::runtime
