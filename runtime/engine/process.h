// Talking to a container's processes: what they say, what they are told, and further ones (exec).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace plimsoll::engine {

// What comes of an attached process, in order; called from one thread of the engine's.
struct Output {
  enum class Stream : std::uint8_t { kStdout = 1, kStderr = 2 };
  // False: nobody takes it any more, the attachment ends.
  std::function<bool(Stream, std::string_view)> write;
  // How many bytes it holds that nobody has taken: beyond some MiB the attachment waits.
  std::function<std::size_t()> pending;
  std::function<void()> end;  // Once, after the last byte.
  // The process has taken of its input: whoever waits for Input::pending() looks again.
  std::function<void()> taken;
  // Of exec_start: nothing is refused any more, and the process does not run yet. Once, in the
  // caller's thread.
  std::function<void()> begins;
};

// The way in. Dropping it detaches.
class Input {
 public:
  virtual ~Input() = default;
  virtual void write(std::string_view bytes) = 0;
  virtual void end() = 0;  // No more: the process reads the end of the file.
  // Bytes that the process has not taken: whoever writes on should wait while these are some MiB.
  [[nodiscard]] virtual std::size_t pending() const { return 0; }
};

struct AttachOptions {
  bool stdin_too = false;
  bool stdout_too = true;
  bool stderr_too = true;
  bool logs = false;   // What it said before comes first.
  bool stream = true;  // What it says from now on.
};

struct LogOptions {
  bool stdout_too = true;
  bool stderr_too = true;
  bool follow = false;
  bool timestamps = false;
  bool details = false;
  std::optional<WallTime> since;
  std::optional<WallTime> until;
  std::optional<std::uint64_t> tail;  // Lines; absent: all.
};

struct ExecDefinition {
  std::vector<std::string> cmd;
  std::vector<std::string> env;
  std::string user;
  std::string working_dir;
  bool privileged = false;
  bool tty = false;
  bool attach_stdin = false;
  bool attach_stdout = false;
  bool attach_stderr = false;
  std::string detach_keys;
  std::vector<int> console_size;
};
struct Exec {
  std::string id;
  std::string container_id;
  ExecDefinition definition;
  bool running = false;
  std::optional<int> exit_code;  // Absent while it has not ended.
  int pid = 0;
  bool can_remove = false;
};

}  // namespace plimsoll::engine
