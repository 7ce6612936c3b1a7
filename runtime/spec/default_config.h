// The config.json that `spec` writes for people to change: runc's, so that what is written about it
// holds here too.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace plimsoll::spec {

struct DefaultConfigOptions {
  // Without root: a user namespace in which this user is root; no network namespace, no resources.
  struct Rootless {
    uid_t uid = 0;
    gid_t gid = 0;
  };
  std::optional<Rootless> rootless;
  bool cgroup_namespace = false;  // As runc has it on pure v2 hosts.
};

// Ends in a newline; indented by tabs.
[[nodiscard]] std::string default_config(const DefaultConfigOptions& options);

}  // namespace plimsoll::spec
