// The first process of a container, or one that joins it, from clone3 to exec. Runs between fork
// and exec of a process that may have had threads: system calls only, no allocation, no locks.
// Every failure is one Report to the parent and the end of the process.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/fd.h"
#include "runtime/launch/plan.h"
#include "runtime/launch/report.h"

namespace plimsoll::runtime {

// What the parent opened and laid ready for the child, beside the plan.
struct Prepared {
  const Plan* plan = nullptr;
  Fd channel;                    // The child's end.
  Fd listener;                   // Where `start` will come to; none: the parent says so itself.
  Fd console;                    // Takes the terminal's other end; none: it goes to `channel`.
  Fd hook_input;                 // The state as hooks are told it; none without start hooks.
  Fd notify_socket;              // Takes the listener of a filter that asks somebody.
  Fd notify_state;               // What goes with it.
  std::vector<Fd> trees;         // One for each of plan->mounts; none where it is no tree.
  std::vector<Fd> device_trees;  // One for each of plan->devices, if they are bound.
  std::vector<Fd> joins;         // One for each of plan->joins.
  std::vector<Fd> groups;        // One for each of plan->group_files.
  int joined = -1;               // A pidfd whose namespaces are entered all at once.
  std::uint64_t joined_flags = 0;
  bool joins_entered = false;  // Before it was born.
  std::vector<char> tree_is_directory;
  std::vector<int> kept;  // All of the above, sorted: nothing else that the parent has open.
  std::vector<char*> argv;
  std::vector<char*> envp;  // Ends with two nulls: the first is a place for HOME.
  bool waits_for_hooks = false;
  bool waits_for_start = false;
  int preserved_fds = 0;
};

class Reporter {
 public:
  explicit Reporter(int channel) : channel_(channel) {}
  [[noreturn]] void give_up(Stage stage, std::size_t item = 0, int os_error = errno) const noexcept;
  void say(Message message) const noexcept;
  // Until the other end says one byte; ends the process when it says none.
  void await() const noexcept;
  // The conversation goes on with somebody else.
  void change(int channel) noexcept { channel_ = channel; }
  [[nodiscard]] int channel() const noexcept { return channel_; }

 private:
  int channel_;
};

[[noreturn]] void child_main(const Prepared& prepared) noexcept;

// The steps, in their order.

// Mounts everything below the root filesystem; returns its descriptor.
int make_rootfs(const Prepared& prepared, const Reporter& reporter) noexcept;
void make_devices(const Prepared& prepared, int root, const Reporter& reporter) noexcept;
void pivot(const Plan& plan, int root, const Reporter& reporter) noexcept;
// What is left when "/" is the container's: read-only paths, masked paths, sysctls.
void finish_rootfs(const Plan& plan, int private_proc, const Reporter& reporter) noexcept;

enum class BindConsole : bool { kNo, kYes };
void open_console(const Prepared& prepared, BindConsole bind, const Reporter& reporter) noexcept;

// A procfs of this process's pid namespace that nothing in the container can stand in the way of.
int open_private_proc(const Reporter& reporter) noexcept;

// Ids, capabilities, label, filter, in the order in which each is still allowed; then waits for
// `start`, runs the start hooks, and becomes the program.
[[noreturn]] void become(const Prepared& prepared, int private_proc, Reporter& reporter) noexcept;

// Writes `text` to `path` below a descriptor of a procfs, over no link and no other mount.
int write_proc(int proc, const char* path, const char* text, std::size_t size) noexcept;

}  // namespace plimsoll::runtime
