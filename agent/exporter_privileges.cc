#include "agent/exporter_privileges.h"

#include <linux/capability.h>
#include <unistd.h>

#include <map>
#include <utility>

#include "base/log.h"

namespace plimsoll::agent {

namespace {

constexpr CapabilityMask kEverything = ~CapabilityMask{0};

std::string names_of(CapabilityMask mask) {
  std::string names;
  for (unsigned number = 0; number < 64; ++number)
    if ((mask >> number & 1U) != 0) names += (names.empty() ? "" : " ") + capability_name(number);
  return names.empty() ? "no capability" : names;
}

// Who to become; nothing: stay who we are.
Result<std::optional<Account>> choose_account(const PrivilegeConfig& config,
                                              PrivilegeOutcome& outcome) {
  const bool is_root = ::geteuid() == 0;
  if (!config.user.empty()) {
    Account account = PLIMSOLL_TRY(in("--user", find_account(config.user)));
    if (account.uid == ::geteuid()) return std::optional<Account>();
    if (!is_root)
      return invalid_input("--user", "'" + config.user + "': only root can become another user");
    return std::optional(std::move(account));
  }
  if (!is_root) return std::optional<Account>();
  Account account = PLIMSOLL_TRY(default_account());
  if (can_become(account)) return std::optional(std::move(account));
  // A container that was started with few capabilities, or a user namespace with one user.
  outcome.warnings.push_back(
      "cannot become user " + account.name +
      " here (CAP_SETUID, CAP_SETGID): staying root, with fewer capabilities");
  return std::optional<Account>();
}

std::string account_text(const std::optional<Account>& account) {
  return account ? "user " + account->name : "uid " + std::to_string(::geteuid());
}

}  // namespace

Result<PrivilegeOutcome> give_up_privileges(const PrivilegeConfig& config,
                                            const cgroupfs::GroupSet& groups,
                                            const inventory::InventoryOptions& inventory) {
  PrivilegeOutcome outcome;
  PrivilegePlan plan;
  plan.account = PLIMSOLL_TRY(choose_account(config, outcome));
  // Asked for by name, root stays root: for finding out whether a right is what is missing.
  const bool stay_root = config.user == "root" || config.user == "0";
  plan.keep = stay_root ? kEverything : wanted_capabilities(groups);
  plan.writable_directories = config.writable_directories;
  outcome.account = account_text(plan.account);
  if (plan.account) outcome.asker = PLIMSOLL_TRY(Asker::start(inventory, *plan.account));
  if (!stay_root) PLIMSOLL_TRY(drop_privileges(plan));
  if (config.sandbox) {
    const auto writes =
        config.writable_directories.empty() ? FileWrites::kForbidden : FileWrites::kAllowed;
    const Result<> entered = enter_sandbox(writes);
    outcome.sandboxed = entered.has_value();
    if (!entered) outcome.warnings.push_back("no system call filter: " + entered.error().message());
  }
  const HeldCapabilities held = PLIMSOLL_TRY(held_capabilities());
  outcome.may_write =
      !outcome.sandboxed && (held.effective >> CAP_DAC_OVERRIDE & CapabilityMask{1}) != 0;
  outcome.held = stay_root ? "all capabilities" : names_of(held.effective);
  outcome.missing = missing_capabilities(groups, held.effective);
  return outcome;
}

void log_privileges(const PrivilegeOutcome& outcome) {
  log::info("running as " + outcome.account + " with " + outcome.held +
            (outcome.sandboxed ? ", behind a system call filter" : ""));
  for (const std::string& warning : outcome.warnings) log::warn(warning);
  // A line for each capability, with all that is lost.
  std::map<std::string_view, std::string> lost;
  for (const CapabilityUse& use : outcome.missing) {
    std::string& text = lost[use.name];
    text +=
        (text.empty() ? "" : "; ") + std::string(group_word(use)) + ": " + std::string(use.lost);
  }
  for (const auto& [name, text] : lost)
    log::info("without " + std::string(name) + " these are incomplete: " + text);
}

std::vector<exporter::AccessFacts::Missing> missing_facts(const PrivilegeOutcome& outcome) {
  std::vector<exporter::AccessFacts::Missing> missing;
  missing.reserve(outcome.missing.size());
  for (const CapabilityUse& use : outcome.missing)
    missing.push_back({std::string(use.name), std::string(group_word(use))});
  return missing;
}

}  // namespace plimsoll::agent
