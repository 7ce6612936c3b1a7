// What a container asks of its cgroup: `linux.resources` of the OCI runtime specification 1.3
// (config-linux.md, "Control groups"), as written there. cgroupfs/limit gives it a kernel's
// meaning.
//
// Thread: values, no shared state.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace plimsoll::spec {

struct DeviceRule {
  enum class Type : std::uint8_t { kAll, kCharacter, kBlock };
  bool allow = false;
  Type type = Type::kAll;
  std::optional<std::uint32_t> major;  // Absent: every one.
  std::optional<std::uint32_t> minor;
  bool read = false;
  bool write = false;
  bool mknod = false;
};

// -1 says "no limit" in every signed number below, as the specification has it.
struct MemoryResources {
  std::optional<std::int64_t> limit;
  std::optional<std::int64_t> reservation;
  std::optional<std::int64_t> swap;    // Memory and swap together.
  std::optional<std::int64_t> kernel;  // Gone from Linux 5.11 on: a warning.
  std::optional<std::int64_t> kernel_tcp;
  std::optional<std::uint64_t> swappiness;
  std::optional<bool> disable_oom_killer;
  std::optional<bool> use_hierarchy;
  bool check_before_update = false;
};

struct CpuResources {
  std::optional<std::uint64_t> shares;
  std::optional<std::int64_t> quota;   // Microseconds.
  std::optional<std::uint64_t> burst;  // Microseconds.
  std::optional<std::uint64_t> period;
  std::optional<std::int64_t> realtime_runtime;
  std::optional<std::uint64_t> realtime_period;
  std::string cpus;  // "0-3,7"
  std::string mems;
  std::optional<std::int64_t> idle;
};

struct BlockWeight {
  std::int64_t major = 0;
  std::int64_t minor = 0;
  std::optional<std::uint16_t> weight;
  std::optional<std::uint16_t> leaf_weight;
};

struct BlockThrottle {
  std::int64_t major = 0;
  std::int64_t minor = 0;
  std::uint64_t rate = 0;  // Bytes or operations per second.
};

struct BlockIoResources {
  std::optional<std::uint16_t> weight;
  std::optional<std::uint16_t> leaf_weight;
  std::vector<BlockWeight> weight_device;
  std::vector<BlockThrottle> read_bps;
  std::vector<BlockThrottle> write_bps;
  std::vector<BlockThrottle> read_iops;
  std::vector<BlockThrottle> write_iops;
};

struct HugepageLimit {
  std::string page_size;  // "2MB"
  std::uint64_t limit = 0;
};

struct NetworkResources {
  std::optional<std::uint32_t> class_id;
  std::vector<std::pair<std::string, std::uint32_t>> priorities;  // By interface.
};

struct RdmaLimit {
  std::optional<std::uint32_t> hca_handles;
  std::optional<std::uint32_t> hca_objects;
};

struct Resources {
  std::vector<DeviceRule> devices;
  std::optional<MemoryResources> memory;
  std::optional<CpuResources> cpu;
  std::optional<std::int64_t> pids_limit;
  std::optional<BlockIoResources> block_io;
  std::vector<HugepageLimit> hugepage_limits;
  std::optional<NetworkResources> network;
  std::map<std::string, RdmaLimit> rdma;       // By device.
  std::map<std::string, std::string> unified;  // v2's file names and what to write.
};

}  // namespace plimsoll::spec
