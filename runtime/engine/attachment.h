// One who listens to a container's or exec's processes, and may talk to them: a connection to the
// keeper, served by the loop.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/fd.h"
#include "runtime/engine/loop.h"
#include "runtime/engine/process.h"
#include "runtime/shim/client.h"

namespace plimsoll::engine {

class Attachment : public std::enable_shared_from_this<Attachment> {
 public:
  struct Wishes {
    bool stdin_too = false;
    bool stdout_too = true;
    bool stderr_too = true;
    bool end_closes_stdin = true;  // Docker's StdinOnce; and always an exec's.
  };
  Attachment(Loop& loop, Wishes wishes, Output output)
      : loop_(loop), wishes_(wishes), output_(std::move(output)) {}

  // Blocks until the keeper has answered: from then on nothing is missed. Any thread, once.
  [[nodiscard]] Result<> connect(const DirFd& keeper);
  // From now on what comes is passed on. `ended`, in the loop's thread, after the last byte and
  // before output.end(), which waits for finish() if it is given.
  void begin(std::function<void()> ended = {});
  // output.end(), once. Any thread.
  void finish();

  // Any thread; what comes before connect() waits.
  void write(std::string_view bytes);
  void end_input();
  void detach();
  [[nodiscard]] std::size_t pending() const { return pending_; }

 private:
  void on_events(std::uint32_t events);
  void read_packets();
  void flush();
  void stop();
  void apply_events();
  [[nodiscard]] bool passes_on(shim::Answer answer, std::string_view bytes);

  Loop& loop_;
  const Wishes wishes_;
  const Output output_;
  std::once_flag finished_;
  std::atomic<std::size_t> pending_ = 0;
  // The loop's.
  std::optional<shim::Connection> connection_;
  std::function<void()> ended_;
  std::deque<std::string> input_;  // Packets.
  bool begun_ = false;
  bool stopped_ = false;
  bool holds_ = false;  // Too much is pending: the keeper waits.
};

// Detaches when it is dropped.
[[nodiscard]] std::shared_ptr<Input> make_input(std::shared_ptr<Attachment> attachment);

}  // namespace plimsoll::engine
