#include "agent/doctor/checks.h"

#include <algorithm>
#include <array>

#include "base/number.h"

namespace plimsoll::agent {

std::string_view name_of(Level level) {
  switch (level) {
    case Level::kOk:
      return "OK";
    case Level::kWarn:
      return "WARN";
    case Level::kFail:
      return "FAIL";
  }
  return "FAIL";
}

KernelVersion parse_kernel_version(std::string_view release) {
  const std::size_t dot = release.find('.');
  if (dot == std::string_view::npos) return {};
  const auto major = to_number<unsigned>(release.substr(0, dot));
  const std::string_view rest = release.substr(dot + 1);
  const auto minor = to_number<unsigned>(
      rest.substr(0, std::min(rest.find_first_not_of("0123456789"), rest.size())));
  return major && minor ? KernelVersion{*major, *minor} : KernelVersion{};
}

std::vector<Finding> check_kernel(const HostFacts& facts) {
  // cgroup v2 has a CPU controller since 4.15; older v1-only kernels are read all the same.
  constexpr KernelVersion kOld{4, 15};
  const KernelVersion version = parse_kernel_version(facts.kernel_release);
  std::vector<Finding> findings;
  if (version == KernelVersion{})
    findings.push_back({Level::kWarn, "kernel", "unknown release '" + facts.kernel_release + "'",
                        "mount /proc, or name the host's with --proc-root"});
  else if (version < kOld)
    findings.push_back({Level::kWarn, "kernel",
                        facts.kernel_release + " is old: no pressure, cgroup v2 incomplete",
                        "a kernel from 4.20 on"});
  else
    findings.push_back({Level::kOk, "kernel", facts.kernel_release, {}});
  findings.push_back({Level::kOk,
                      "kernel types",
                      facts.btf ? "BTF is there: BPF programs can read cgroups"
                                : "no BTF: cgroups are read as text only",
                      {}});
  return findings;
}

std::vector<Finding> diagnose(const HostFacts& facts) {
  constexpr std::array kChecks = {check_kernel,   check_cgroups,   check_controllers,
                                  check_pressure, check_swap,      check_inotify,
                                  check_files,    check_processes, check_capabilities,
                                  check_runtimes, check_exporter};
  std::vector<Finding> findings;
  for (const auto check : kChecks)
    for (Finding& finding : check(facts)) findings.push_back(std::move(finding));
  return findings;
}

bool usable(const std::vector<Finding>& findings) {
  return std::none_of(findings.begin(), findings.end(),
                      [](const Finding& finding) { return finding.level == Level::kFail; });
}

}  // namespace plimsoll::agent
