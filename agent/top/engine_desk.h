// What the engine is asked while people look: limits, plans, changes, logs.
#pragma once

#include <memory>
#include <string>

#include "agent/top/mailbox.h"
#include "agent/top/model.h"

namespace plimsoll::agent::top {

// The answer to one of the engine's effects; never fails, since its lines say what went wrong.
// Blocks for as long as the engine takes.
[[nodiscard]] Answer ask_engine(const std::string& socket, const Effect& effect);

// The same in a thread that nobody waits for: the answer is posted. The process has to end by
// _exit().
void ask_engine_later(std::string socket, Effect effect, std::shared_ptr<Mailbox> mailbox);

}  // namespace plimsoll::agent::top
