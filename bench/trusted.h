// The engine's journal and audit log with what writes them, in a directory that goes with them.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/error.h"
#include "bench/state_directory.h"
#include "cgroupfs/limit/plan.h"
#include "cgroupfs/limit/port.h"
#include "control/audit/audit_log.h"
#include "control/enforcer/enforcer.h"
#include "control/journal/journal.h"
#include "control/store/dir_store.h"

namespace plimsoll::bench {

class Trusted {
 public:
  // In `parent`, which decides on what kind of medium it is.
  [[nodiscard]] static Result<std::unique_ptr<Trusted>> make(const std::string& parent);

  // Journalled, written, read back, audited. False: it failed, and that was said.
  [[nodiscard]] bool run(const limit::Plan& plan, limit::KernelPort& port);

 private:
  explicit Trusted(StateDirectory state) : state_(std::move(state)) {}

  const StateDirectory state_;
  std::unique_ptr<control::DirStore> store_;
  std::unique_ptr<control::Journal> journal_;
  std::unique_ptr<control::AuditLog> audit_;
  std::unique_ptr<control::Enforcer> enforcer_;
};

}  // namespace plimsoll::bench
