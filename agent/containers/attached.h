// A terminal (or pipes) connected to a process in a container, until it has said its last.
#pragma once

#include <functional>

#include "agent/containers/engine_api.h"

namespace plimsoll::agent {

struct Attachment {
  bool tty = false;
  bool input = false;
  std::string name;  // Of the container, for messages.
  // Told with the size of our terminal, at the beginning and when it changes. Only with a tty.
  std::function<void(unsigned rows, unsigned columns)> resize;
  // Told which signal was sent to us; the process is to get it. Only without a tty.
  std::function<void(int signal)> signal;
};

enum class Parted : std::uint8_t {
  kEnded,    // All that was said is written.
  kDetached  // By ctrl-p ctrl-q: the process goes on.
};

// Signals that are passed on are blocked in this thread from before the process starts, so that
// none is lost: make one of these first.
class SignalGuard {
 public:
  SignalGuard();
  ~SignalGuard();
  SignalGuard(const SignalGuard&) = delete;
  SignalGuard& operator=(const SignalGuard&) = delete;
  [[nodiscard]] const Fd& fd() const { return fd_; }

 private:
  Fd fd_;
};

[[nodiscard]] Result<Parted> pump(ApiExchange& exchange, const Attachment& attachment,
                                  const SignalGuard& signals);

}  // namespace plimsoll::agent
