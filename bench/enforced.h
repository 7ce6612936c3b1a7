// What trust costs: the same writes with a journal before and an audit log behind them.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "cgroupfs/limit/plan.h"
#include "cgroupfs/limit/port.h"

namespace plimsoll::bench {

// Plans of both are carried out in turns, each from where the one before led.
struct Turns {
  std::function<limit::Plan(bool odd)> all;  // Of every group.
  std::function<limit::Plan(bool odd)> one;  // Of one group.
};

// `directory` is for journal and audit log, made and removed here; `where` says what kind of medium
// it is on. False: something failed, and was said.
[[nodiscard]] bool bench_enforced(std::size_t count, const std::string& directory,
                                  const std::string& where, const Turns& turns,
                                  limit::KernelPort& port);

}  // namespace plimsoll::bench
