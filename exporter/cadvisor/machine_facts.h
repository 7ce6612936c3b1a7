// Facts about the machine that only cAdvisor's machine view shows: read when somebody asks, on the
// worker's thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.h"

namespace plimsoll::exporter {

struct HugePageCount {
  std::uint64_t page_kib = 0, count = 0;
  bool operator==(const HugePageCount&) const = default;
};

struct DiskFact {
  std::string name;  // "vda"
  std::uint64_t major = 0, minor = 0;
  std::uint64_t bytes = 0;
  std::string scheduler;  // "mq-deadline"; "none" without one.
  bool operator==(const DiskFact&) const = default;
};

struct NetworkDeviceFact {
  std::string name, mac_address;
  std::int64_t speed = 0;  // Mbit/s; 0 where the device does not say.
  std::int64_t mtu = 0;
  bool operator==(const NetworkDeviceFact&) const = default;
};

struct MachineFacts {
  std::string vendor_id;            // "GenuineIntel"
  std::uint64_t frequency_khz = 0;  // The highest.
  std::vector<HugePageCount> hugepages;
  std::vector<DiskFact> disks;  // Without loop, ram and zero-sized ones; by name.
  std::vector<NetworkDeviceFact> network_devices;  // cAdvisor's choice: none of lo, veth*, docker*.
};

// What cannot be read is left out.
[[nodiscard]] MachineFacts read_machine_facts(const DirFd& proc, const DirFd& sys);

// PROC/cpuinfo. Pure.
struct CpuinfoFacts {
  std::string vendor_id;
  std::uint64_t frequency_khz = 0;  // The highest "cpu MHz" of now.
};
[[nodiscard]] CpuinfoFacts parse_cpuinfo_facts(std::string_view text);

// SYS/block/vda/queue/scheduler: "[mq-deadline] kyber none\n" -> "mq-deadline". Pure.
[[nodiscard]] std::string parse_scheduler(std::string_view text);

}  // namespace plimsoll::exporter
