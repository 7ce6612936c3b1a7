// Facts about the host: cores, memory, swap, identity. Re-read rarely.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"

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
};

// `host_root` is the prefix for /etc ("" natively). Unreadable facts stay empty; kIo only if
// /proc/meminfo or /proc/stat cannot be read at all.
[[nodiscard]] Result<MachineInfo> read_machine(const DirFd& proc, const DirFd& sys,
                                               const std::string& host_root);

}  // namespace plimsoll::exporter
