// Answers of the service as the API's JSON. Pure.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/enforcer/enforcer.h"
#include "control/service/service.h"

namespace plimsoll::control {

[[nodiscard]] int status_of(Problem problem);
[[nodiscard]] std::string encode(const Fault& fault);
[[nodiscard]] std::string encode(const Shown& shown);
[[nodiscard]] std::string encode(const std::vector<Shown>& changed);
[[nodiscard]] std::string encode(const History& history);
// 200, or the status of its fault.
[[nodiscard]] int status_of(const ChangeReport& report);
[[nodiscard]] std::string encode(const ChangeReport& report);

struct EngineInfo {
  std::string version;
  std::string cgroup;  // "v1", "v2", "hybrid"
  std::string state_dir;
  std::string role;
  Recovery recovery;
  std::chrono::nanoseconds uptime{};
};
[[nodiscard]] std::string encode(const EngineInfo& info);

}  // namespace plimsoll::control
