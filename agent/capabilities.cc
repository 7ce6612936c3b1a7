#include "agent/capabilities.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/capability.h"

namespace plimsoll::agent {

namespace {

using cgroupfs::Group;

// Linux 5.8; the headers of an older system do not know them.
constexpr unsigned kCapPerfmon = 38;

// What is not here is not needed: control files, PROC/PID/{stat,net,cgroup}, netlink listings and
// pressure are open to everybody.
constexpr std::array<CapabilityUse, 8> kUses = {{
    {CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH", Group::kAlways,
     "names, images and labels from runtimes' state files, which only root may read"},
    {CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH", Group::kDisk, "sizes of writable layers and logs"},
    {CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH", Group::kProcess,
     "open descriptors of other users' processes"},
    {CAP_SYS_PTRACE, "CAP_SYS_PTRACE", Group::kProcess,
     "open descriptors and IO of other users' processes"},
    {CAP_SYS_PTRACE, "CAP_SYS_PTRACE", Group::kReferencedMemory,
     "PROC/PID/smaps of other users' processes"},
    {CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH", Group::kReferencedMemory,
     "PROC/PID/smaps of other users' processes"},
    {CAP_SYSLOG, "CAP_SYSLOG", Group::kOomEvent,
     "OOM kills that only the kernel log tells (kernel.dmesg_restrict=1)"},
    {kCapPerfmon, "CAP_PERFMON", Group::kPerfEvent, "hardware counters"},
}};

}  // namespace

std::span<const CapabilityUse> capability_uses() {
  return kUses;
}

std::string capability_name(unsigned number) {
  const auto names = capability_names();
  return number < names.size() ? std::string(names[number]) : "CAP_" + std::to_string(number);
}

CapabilityMask wanted_capabilities(const cgroupfs::GroupSet& groups) {
  CapabilityMask wanted = 0;
  for (const CapabilityUse& use : kUses)
    if (use.group == Group::kAlways || groups.has(use.group))
      wanted |= CapabilityMask{1} << use.number;
  return wanted;
}

std::vector<CapabilityUse> missing_capabilities(const cgroupfs::GroupSet& groups,
                                                CapabilityMask have) {
  std::vector<CapabilityUse> missing;
  for (const CapabilityUse& use : kUses)
    if ((use.group == Group::kAlways || groups.has(use.group)) && (have >> use.number & 1U) == 0)
      missing.push_back(use);
  return missing;
}

std::string_view group_word(const CapabilityUse& use) {
  return use.group == Group::kAlways ? "names" : name_of(use.group);
}

std::string use_text(const CapabilityUse& use) {
  return std::string(group_word(use)) + ": " + std::string(use.lost);
}

Result<HeldCapabilities> held_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  if (::syscall(SYS_capget, &header, data.data()) != 0) return os_failure("capget", "self");
  const auto join = [](std::uint32_t low, std::uint32_t high) {
    return CapabilityMask{high} << 32 | low;
  };
  return HeldCapabilities{join(data[0].effective, data[1].effective),
                          join(data[0].permitted, data[1].permitted)};
}

}  // namespace plimsoll::agent
