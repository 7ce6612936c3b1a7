// The engine's journal and audit log with what writes them, in a directory that goes with them.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
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
  ~Trusted();
  Trusted(const Trusted&) = delete;
  Trusted& operator=(const Trusted&) = delete;

  // Journalled, written, read back, audited. False: it failed, and that was said.
  [[nodiscard]] bool run(const limit::Plan& plan, limit::KernelPort& port);

 private:
  explicit Trusted(std::string path) : path_(std::move(path)) {}

  const std::string path_;
  std::unique_ptr<control::DirStore> store_;
  std::unique_ptr<control::Journal> journal_;
  std::unique_ptr<control::AuditLog> audit_;
  std::unique_ptr<control::Enforcer> enforcer_;
};

}  // namespace plimsoll::bench
