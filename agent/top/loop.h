// Samples, keys, signals and answers into the model; its pictures onto the screen.
#pragma once

#include <memory>
#include <string>

#include "agent/top/feed.h"
#include "agent/top/mailbox.h"
#include "agent/top/model.h"
#include "agent/top/screen.h"
#include "base/fd.h"

namespace plimsoll::agent::top {

struct Ending {
  int exit_code = 0;
  int signal = 0;       // By which the process was asked to end, and should.
  std::string message;  // Why there is nothing to show.
};

struct LoopParts {
  ModelOptions model;
  ScreenOptions screen;
  std::string socket;  // The engine's.
  std::shared_ptr<Mailbox> mailbox;
  std::shared_ptr<Feed> feed;  // Started.
  const Fd* signals = nullptr;
};

// Signals that come through a descriptor from here on, in this thread and those it makes: what ends
// the process, ^Z, and the window's size.
[[nodiscard]] Result<Fd> catch_signals();

// Waits for the first sample, then shows the screen until somebody has seen enough. The terminal is
// restored when it returns.
[[nodiscard]] Result<Ending> run_loop(LoopParts parts);

}  // namespace plimsoll::agent::top
