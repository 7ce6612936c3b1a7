// What was typed, as the body of POST /plimsoll/v1/limits/REF (docs/engine.md). Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/limit/flags.h"
#include "base/error.h"
#include "cgroupfs/limit/limits.h"

namespace plimsoll::agent {

enum class Verb : std::uint8_t { kSet, kUnset, kRestore };

// One flag on the command line. Without a value: what "unset" and "restore" take, and switches that
// are to be on.
struct TypedFlag {
  const LimitFlag* flag = nullptr;
  std::optional<std::string> value;
};

struct RequestOptions {
  std::string lease;     // "10m"; empty: for good.
  std::string deadline;  // "10s"; empty: the engine's.
  bool dry_run = false;
  bool force = false;
  bool accept_direct_io = false;
};

struct Asked {
  limit::Knob knob{};
  std::string detail;
  std::string value;          // As the engine reads it: "64M", "25ms". Empty for unset and restore.
  bool every_detail = false;  // Of unset and restore: all disks or page sizes that have a limit.
  bool with_memory = false;   // --memory-swap: `value` includes the memory.
  bool operator==(const Asked&) const = default;
};

struct LimitWishes {
  Verb verb = Verb::kSet;
  std::vector<Asked> asked;  // None, with kRestore: everything.
  RequestOptions options;

  // Some of it depends on what holds now: see completed().
  [[nodiscard]] bool needs_current() const;
};

// The number of the disk behind "/dev/sda".
using FindDisk = std::function<Result<std::string>(const std::string& path)>;

// kInvalidInput names the flag and says what to give.
[[nodiscard]] Result<LimitWishes> parse_wishes(Verb verb, std::span<const TypedFlag> typed,
                                               const RequestOptions& options,
                                               const FindDisk& find_disk);

// One knob of the target as it is now.
struct Current {
  limit::Knob knob{};
  std::string detail;
  std::optional<std::uint64_t> number;  // Nothing: no limit, or none in numbers.
  bool limited = false;                 // It has a limit, or a value of ours.
};
// Swap alone out of memory and swap; every detail by name. kInvalidInput: there is nothing to do,
// or no way to do it.
[[nodiscard]] Result<LimitWishes> completed(LimitWishes wishes, std::span<const Current> now);

[[nodiscard]] std::string to_json(const LimitWishes& wishes);

// "web", "cgroup:/a b" as one segment of a path.
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace plimsoll::agent
