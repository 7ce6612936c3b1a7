// The policy files of a directory, and the rules in force.
#pragma once

#include <sys/types.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "control/policy/problem.h"
#include "control/policy/rule.h"

namespace plimsoll::policy {

struct PolicySet {
  std::vector<std::string> files;  // In the order in which they were read.
  std::vector<Rule> rules;         // In the order of the files, then of their lines.
  WallTime loaded;
};

struct Loaded {
  PolicySet set;
  std::vector<Problem> problems;   // Any: `set` is not to be used.
  std::vector<std::string> notes;  // Files that were not read, and why that is no mistake.
};

// "*.yaml" of `directory`, in the order of their names. Directory and files must belong to `owner`
// (root, in the product) and be writable by nobody else: whoever writes there rules over every
// container. No directory: no rules.
[[nodiscard]] Loaded load_directory(const std::string& directory, WallTime now, uid_t owner = 0);
// One file by itself, whoever owns it: for those who check before they install.
[[nodiscard]] Loaded load_file(const std::string& path, WallTime now);

// The whole text of a file that rules over every container, as a policy does: it must belong to
// `owner` or root and be writable by nobody else.
[[nodiscard]] Result<std::string> read_trusted(const std::string& path, uid_t owner);

// The rules in force. Safe from every thread; what was taken stays good while it is held.
class PolicyBook {
 public:
  using SetPtr = std::shared_ptr<const PolicySet>;

  explicit PolicyBook(std::string directory, uid_t owner = 0)
      : directory_(std::move(directory)), owner_(owner), current_(std::make_shared<PolicySet>()) {}

  // All files anew. With a problem the rules in force stay, so that a mistake takes no limit away.
  // Blocks on the disk.
  [[nodiscard]] Loaded reload(WallTime now);

  [[nodiscard]] SetPtr current() const;
  // Of the last reload(); empty: what is on the disk is in force.
  [[nodiscard]] std::vector<Problem> problems() const;

 private:
  const std::string directory_;
  const uid_t owner_;
  mutable std::mutex mutex_;  // Of what follows.
  SetPtr current_;
  std::vector<Problem> problems_;
};

}  // namespace plimsoll::policy
