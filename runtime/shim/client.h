// An engine's side of a keeper: what became of it, and what it is told and asked.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/fd.h"
#include "runtime/shim/exit_record.h"
#include "runtime/shim/protocol.h"

namespace plimsoll::shim {

// Of a keeper's directory, whoever died meanwhile.
struct Look {
  enum class State : std::uint8_t {
    kKept,   // The keeper lives; the container may have ended a moment ago.
    kEnded,  // `exit` says how.
    // The keeper died without a word: whether the container runs is to be asked of the kernel, and
    // how it ends will not be known.
    kLost
  } state = State::kLost;
  std::optional<ExitRecord> exit;
};
[[nodiscard]] Result<Look> look(const DirFd& dir);

struct Packet {
  Answer answer{};
  std::string content;
};

// One connection; any number may be open, one after the other or at once. Not thread-safe.
class Connection {
 public:
  [[nodiscard]] static Result<Connection> connect(const DirFd& dir);

  // For an event loop.
  [[nodiscard]] const Fd& socket() const { return socket_; }
  [[nodiscard]] Result<> send(Request request, std::string_view content = "");
  // The next packet; kBusy when none came in time, kGone when the keeper ended.
  [[nodiscard]] Result<Packet> receive(std::chrono::milliseconds timeout);
  // Asks to be told, and waits for it.
  [[nodiscard]] Result<ExitRecord> wait(std::chrono::milliseconds timeout);

 private:
  explicit Connection(Fd socket) : socket_(std::move(socket)) {}
  Fd socket_;
};

}  // namespace plimsoll::shim
