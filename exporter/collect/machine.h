// Facts about the host: cores, memory, swap, identity. Re-read rarely.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "exporter/collect/topology.h"

namespace plimsoll::exporter {

struct MachineInfo {
  std::uint32_t cores = 0;           // Online logical CPUs.
  std::uint32_t physical_cores = 0;  // Distinct (socket, die, core).
  std::uint32_t sockets = 0;
  std::uint32_t books = 0, drawers = 0;  // s390x; 0 elsewhere.
  std::uint64_t memory_bytes = 0;
  std::uint64_t swap_bytes = 0;
  std::string machine_id;  // /etc/machine-id, else /var/lib/dbus/machine-id; "" if unreadable.
  // DMI product_uuid (root only), else the device tree's, else the machine id where there is
  // neither; "" if it is there and unreadable.
  std::string system_uuid;
  std::string boot_id;         // /proc/sys/kernel/random/boot_id
  std::string hostname;        // HOST_ROOT/etc/hostname if a host is mounted, else the kernel's.
  std::string kernel_version;  // uname -r
  std::string os_version;      // PRETTY_NAME of os-release
  struct Dimm {
    std::string type;
    std::uint64_t count = 0, bytes = 0;
  };
  std::vector<Dimm> dimms;              // EDAC sysfs; empty if none.
  std::uint64_t boot_time_seconds = 0;  // btime of /proc/stat.
  std::uint64_t page_size = 4096;
  // Non-volatile memory that is used as such (NVDIMM regions); absent on machines without.
  std::optional<std::uint64_t> persistent_memory_bytes;
  std::optional<Topology> topology;  // With MachineOptions::topology.
};

// Below the host's root; the first that is not empty counts.
struct MachineFiles {
  std::vector<std::string> machine_id = {"/etc/machine-id", "/var/lib/dbus/machine-id"};
  std::vector<std::string> boot_id;  // Then PROC/sys/kernel/random/boot_id.
};

struct MachineOptions {
  std::string host_root;  // Prefix for /etc ("" natively).
  MachineFiles files;
  bool topology = false;  // A dozen files per core.
};

// Unreadable facts stay empty; kIo only if
// /proc/meminfo or /proc/stat cannot be read at all.
[[nodiscard]] Result<MachineInfo> read_machine(const DirFd& proc, const DirFd& sys,
                                               const MachineOptions& options);

}  // namespace plimsoll::exporter
