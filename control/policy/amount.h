// What a rule wants a knob to be: a value, the kernel's default, or a percentage of something that
// is known only when a container is there. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "cgroupfs/limit/limits.h"
#include "cgroupfs/limit/value.h"

namespace plimsoll::policy {

// What a percentage is of.
enum class Base : std::uint8_t {
  kHost,    // The host's memory, CPUs, process ids.
  kParent,  // The tightest limit among the group's ancestors.
  kP95,     // What the container used in 95 % of the time it was observed.
  kMax      // The most that it used.
};
[[nodiscard]] std::string_view name_of(Base base);

struct Share {
  Base base{};
  std::uint32_t hundredths = 0;  // Of a percent: 62.5 % is 6250.
  std::string at_least;          // Bounds as people write the knob's values; empty: none.
  std::string at_most;
  bool operator==(const Share&) const = default;
};

struct Amount {
  limit::Knob knob{};
  std::string detail;          // Device or page size.
  std::string text;            // As it was written.
  std::optional<Share> share;  // Nothing: `text` is a value of the knob, or "unset".
  bool operator==(const Amount&) const = default;
};

// "512M", "1.5 cpus", "max", "unset", "254:0=10M", or a share: "50% of host", "80% of parent",
// "150% of p95, at least 64M, at most 2G". kInvalidInput: what was expected, or that the kernel has
// no such value.
[[nodiscard]] Result<Amount> parse_amount(limit::Knob knob, std::string_view text);

// What a container was seen to use.
struct Use {
  std::uint64_t p95 = 0;
  std::uint64_t max = 0;
  bool operator==(const Use&) const = default;
};
struct Observed {
  std::chrono::nanoseconds span{};  // For how long.
  std::optional<Use> memory;        // Bytes, without cache that is free to go.
  std::optional<Use> nano_cpus;
  std::optional<Use> pids;
  bool operator==(const Observed&) const = default;
};

// The tightest limits among a group's ancestors; nothing: none of them has one.
struct Ceilings {
  std::optional<std::uint64_t> memory;
  std::optional<std::uint64_t> nano_cpus;
  std::optional<std::uint64_t> pids;
  bool operator==(const Ceilings&) const = default;
};

struct Known {
  limit::Host host;
  Ceilings parent;
  Observed observed;
  std::chrono::nanoseconds min_observed{};  // Percentages of less are not known yet.
};

struct Resolved {
  std::optional<limit::Setting> setting;  // Nothing: not known (yet).
  std::string how;                        // For people: how it came about, or what is missing.
};
// Shares of memory are rounded down to a page, of what was observed up to a MiB, of CPUs up to a
// hundredth.
[[nodiscard]] Resolved resolve(const Amount& amount, const Known& known);

// A share of what was observed moves with every look. A new value that differs from the one in
// force by less than a tenth is not worth a write.
[[nodiscard]] bool is_near(const limit::Setting& one, const limit::Setting& other);

}  // namespace plimsoll::policy
