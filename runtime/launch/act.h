// Carrying out a plan: the parent's side of launching a process into a container.
//
//   Child child = begin(...);     // exists, and waits
//   child.let_go();               // it is in its groups; ids, limits; then it sets itself up
//   child.await_mounts(); hooks; child.resume();      // with hooks only
//   child.await_ready();          // all but exec is done
//   child.start(); child.await_exec();                // or somebody else does, by the listener
//
// Thread: one at a time; a time or pid namespace is entered by the calling thread for a moment.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/fd.h"
#include "runtime/launch/plan.h"
#include "runtime/launch/report.h"

namespace plimsoll::runtime {

struct LaunchOptions {
  Fd listener;       // Where `start` will come to. None: Child::start() says so.
  Fd console;        // A connected socket that takes the terminal's other end.
  Fd notify_socket;  // Takes the listener of a filter that notifies.
  Fd notify_state;   // What is sent with it; it may be filled until let_go().
  Fd hook_input;     // What the start hooks read; it may be filled until let_go().
  int cgroup = -1;   // A v2 directory to be born in.
  int joined = -1;   // A pidfd whose namespaces are entered (exec); its flags are in joined_flags.
  std::uint64_t joined_flags = 0;
  bool has_hooks = false;
  int preserved_fds = 0;
};

// Owns the process until keep(): the destructor kills and reaps it.
class Child {
 public:
  Child() = default;
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] const Fd& pidfd() const { return pidfd_; }
  [[nodiscard]] Result<> let_go();
  [[nodiscard]] Result<> await_mounts();
  [[nodiscard]] Result<> resume();
  [[nodiscard]] Result<> await_ready();
  [[nodiscard]] Result<> start();
  [[nodiscard]] Result<> await_exec();
  void keep() { kept_ = true; }

 private:
  friend Result<Child> begin(const Plan& plan, LaunchOptions options);
  [[nodiscard]] Result<> expect(Message message);
  [[nodiscard]] Result<> say();

  const Plan* plan_ = nullptr;
  pid_t pid_ = -1;
  Fd pidfd_;
  Fd channel_;
  bool kept_ = false;
};

// The plan must outlive the Child.
[[nodiscard]] Result<Child> begin(const Plan& plan, LaunchOptions options);

// Lets a created process go and says how its exec went; `socket` is connected to its listener.
[[nodiscard]] Result<> start_created(const Fd& socket, const Plan& plan);

// A report in the words that engines look for (runc's).
[[nodiscard]] Failure describe(const Plan& plan, const Report& report);
// "no such file or directory": an errno as programs written in Go spell it.
[[nodiscard]] std::string go_text(int os_error);

}  // namespace plimsoll::runtime
