// What the facts mean: one finding per line, each with what to do about it. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/doctor/facts.h"

namespace plimsoll::agent {

enum class Level {
  kOk,
  kWarn,  // Something is lost; the finding says what.
  kFail   // Plimsoll is of no use here until this is solved.
};
[[nodiscard]] std::string_view name_of(Level level);  // "OK", "WARN", "FAIL"

struct Finding {
  Level level = Level::kOk;
  std::string subject;  // "memory controller"
  std::string text;
  std::string remedy;  // "" for kOk.
  bool operator==(const Finding&) const = default;
};

[[nodiscard]] std::vector<Finding> diagnose(const HostFacts& facts);
[[nodiscard]] bool usable(const std::vector<Finding>& findings);

// "5.10.0-28-amd64" -> {5, 10}; zeros if it does not begin with two numbers.
struct KernelVersion {
  unsigned major_number = 0;
  unsigned minor_number = 0;
  auto operator<=>(const KernelVersion&) const = default;
};
[[nodiscard]] KernelVersion parse_kernel_version(std::string_view release);

// The single checks, in files by subject.
[[nodiscard]] std::vector<Finding> check_kernel(const HostFacts& facts);
[[nodiscard]] std::vector<Finding> check_cgroups(const HostFacts& facts);
[[nodiscard]] std::vector<Finding> check_controllers(const HostFacts& facts);
[[nodiscard]] std::vector<Finding> check_pressure(const HostFacts& facts);
[[nodiscard]] std::vector<Finding> check_swap(const HostFacts& facts);
[[nodiscard]] std::vector<Finding> check_inotify(const HostFacts& facts);
[[nodiscard]] std::vector<Finding> check_files(const HostFacts& facts);
[[nodiscard]] std::vector<Finding> check_capabilities(const HostFacts& facts);
[[nodiscard]] std::vector<Finding> check_processes(const HostFacts& facts);
[[nodiscard]] std::vector<Finding> check_runtimes(const HostFacts& facts);
[[nodiscard]] std::vector<Finding> check_exporter(const HostFacts& facts);

}  // namespace plimsoll::agent
