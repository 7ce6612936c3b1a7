// What is written down about a container. Its status is not: that is asked of the kernel each time.
//
// Thread: values, pure functions.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace plimsoll::state {

// A pid alone may be another's by tomorrow: with field 22 of /proc/PID/stat it is this one's.
struct ProcessId {
  pid_t pid = 0;  // 0: none yet, or none came to be.
  std::uint64_t start_ticks = 0;
  bool operator==(const ProcessId&) const = default;
};

struct CgroupPlace {
  std::string hierarchy;  // "cpu,cpuacct", "name=systemd"; empty: v2.
  std::string path;
  bool operator==(const CgroupPlace&) const = default;
};

struct Cgroups {
  std::string manager;  // "files" or "systemd".
  std::string unit;     // systemd's scope; else empty.
  std::string group;    // "/docker/<id>": below each hierarchy's mount.
  std::vector<CgroupPlace> places;
  bool operator==(const Cgroups&) const = default;
};

struct Record {
  std::string id;
  std::string bundle;
  std::string rootfs;
  std::string oci_version;
  std::int64_t created = 0;  // Nanoseconds since 1970.
  uid_t owner = 0;
  ProcessId init;
  Cgroups cgroups;
  std::vector<std::pair<std::string, std::string>> namespaces;  // "network", "/proc/17/ns/net"
  std::vector<std::string> external_descriptors;  // What 0, 1 and 2 were: "/dev/null", "pipe:[7]".
  std::map<std::string, std::string> annotations;
  bool operator==(const Record&) const = default;
};

// JSON, one line. decode() is strict about what it knows, and skips what a later version added.
// kInvalidInput names the property.
[[nodiscard]] std::string encode(const Record& record);
[[nodiscard]] Result<Record> decode_record(std::string_view text);

}  // namespace plimsoll::state
