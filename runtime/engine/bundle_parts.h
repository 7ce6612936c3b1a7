// The pieces of config.json that are long; for bundle.cc.
#pragma once

#include <string>
#include <vector>

#include "runtime/engine/bundle.h"
#include "runtime/engine/json_writer.h"

namespace plimsoll::engine {

// "security-opt", read.
struct Security {
  bool no_new_privileges = false;
  bool unconfined = false;  // No filter of system calls.
  std::string profile;      // Or this one, as JSON.
  bool all_paths = false;   // Nothing of /proc and /sys is masked.
};
[[nodiscard]] model::Answer<Security> security_of(const model::HostConfig& host);

// `linux.seccomp` for these capabilities, as JSON.
[[nodiscard]] std::string default_seccomp_json(spec::CapabilitySet capabilities);
// A profile in Docker's format (or the specification's), resolved for these capabilities.
[[nodiscard]] model::Answer<std::string> custom_seccomp_json(const std::string& profile,
                                                             spec::CapabilitySet capabilities);

void put_mounts(JsonWriter& json, const Container& container, const BundleFacts& facts);
// `linux.devices`, and the rules for the cgroup.
struct Devices {
  std::string nodes;  // JSON.
  std::vector<spec::DeviceRule> rules;
};
[[nodiscard]] model::Answer<Devices> devices_of(const model::HostConfig& host);

}  // namespace plimsoll::engine
