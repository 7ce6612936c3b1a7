// What the exporter gives up at start, and how it says so.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/asker.h"
#include "agent/privileges.h"
#include "agent/sandbox.h"
#include "cgroupfs/read/group.h"
#include "exporter/collect/self.h"

namespace plimsoll::agent {

struct PrivilegeConfig {
  std::string user;     // --user; "" = plimsoll or nobody when started as root, "root" = stay.
  bool sandbox = true;  // --no-sandbox
  // For what is configured to write: see PrivilegePlan.
  std::vector<std::string> writable_directories;
};

// What became of it.
struct PrivilegeOutcome {
  std::string account;                 // "nobody", "uid 1000".
  std::string held;                    // "CAP_DAC_READ_SEARCH CAP_SYS_PTRACE", "no capability"
  std::vector<CapabilityUse> missing;  // Of what the groups can use.
  bool sandboxed = false;
  bool may_write = false;  // Root's files, as root with nothing in the way.
  std::vector<std::string> warnings;
  std::unique_ptr<Asker> asker;  // Null: who we are may ask runtimes itself, or nobody may.
};

// Before any thread starts; see drop_privileges(). An error means: do not serve.
[[nodiscard]] Result<PrivilegeOutcome> give_up_privileges(
    const PrivilegeConfig& config, const cgroupfs::GroupSet& groups,
    const inventory::InventoryOptions& inventory);
// Once, at start.
void log_privileges(const PrivilegeOutcome& outcome);

[[nodiscard]] std::vector<exporter::AccessFacts::Missing> missing_facts(
    const PrivilegeOutcome& outcome);

}  // namespace plimsoll::agent
