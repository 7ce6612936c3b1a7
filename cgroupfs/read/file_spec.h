// One row per control file: where it is, how often it is read, whose numbers it has, and the two
// functions that bring its text into a sample.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/error.h"
#include "cgroupfs/read/group.h"
#include "cgroupfs/read/record_buffer.h"
#include "cgroupfs/read/sample.h"
#include "cgroupfs/tree/layout.h"

namespace plimsoll::cgroupfs {

// What a text means beyond itself.
struct PutContext {
  std::uint64_t ticks_per_second = 100;  // USER_HZ
  std::uint64_t page_size = 4096;
};

// Parses `text` and sets its fields, those that it lacks to absent. After an error the fields are
// in any state: drop() is called next.
using Put = Result<> (*)(std::string_view text, const PutContext& context, CgroupSample& sample);
// Makes every field of the file absent.
using Drop = void (*)(CgroupSample& sample);

enum class Role : std::uint8_t {
  kNone,
  kCpuUsage,    // The idle test ...
  kMemoryUsage  // ... and its second half, asked for now and then.
};

// Which of v1's families of per-device files; see blkio_source.h.
enum class Blkio : std::uint8_t {
  kThrottleRecursive,
  kThrottle,
  kBfqRecursive,
  kBfq,
  kCfqRecursive,
  kCfq
};

struct FileSpec {
  const char* name = nullptr;
  int version = 1;
  // Whose hierarchy it is in; none: the v2 core, in every group of a cgroup2 mount.
  std::optional<Controller> controller;
  Tier tier = Tier::kSlow;
  Group group = Group::kAlways;   // Read if this group is on ...
  std::optional<Group> or_group;  // ... or this one ...
  std::optional<Group> unless;  // ... but not if this one is: another file says the same and more.
  Role role = Role::kNone;
  std::optional<Blkio> blkio;  // Only when this family is the chosen source.
  // The numbers move only while this limit is set: without it there is nothing new to read.
  std::optional<Field> only_under;
  bool or_under_above = false;  // Nor while a group above has a CPU quota.
  Records records = Records::kOne;
  bool spare = false;  // A warm file that is held open where the hot ones leave a descriptor.
  Put put = nullptr;
  Drop drop = nullptr;
};

// In ranking order: the first hot files are the ones worth holding open.
[[nodiscard]] std::span<const FileSpec> files_v1();
[[nodiscard]] std::span<const FileSpec> files_v2();

}  // namespace plimsoll::cgroupfs
