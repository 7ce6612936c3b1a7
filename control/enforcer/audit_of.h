// A change as the lines of the audit log. Pure; for the enforcer alone.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cgroupfs/limit/apply.h"
#include "control/audit/record.h"
#include "control/journal/record.h"

namespace plimsoll::control {

[[nodiscard]] AuditRecord record_of(const Cause& cause, const Moment& now);
[[nodiscard]] AuditRecord record_of(const limit::Write& write, const Cause& cause,
                                    const Moment& now, std::uint64_t change);
// One per write that the kernel heard of, and the one that was not begun because of the journal.
[[nodiscard]] std::vector<AuditRecord> records_of(const limit::Plan& plan,
                                                  const limit::Applied& applied, const Cause& cause,
                                                  const Moment& now, std::uint64_t change);

}  // namespace plimsoll::control
