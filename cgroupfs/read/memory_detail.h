// The keys of memory.stat beyond the fields, kept by the kernel's names: too many for a column
// each, and looked at by few.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "cgroupfs/parse/memory_stat.h"

namespace plimsoll::cgroupfs {

enum class MemoryKey : std::uint8_t {
#define X(name, kind) name,
  PLIMSOLL_MEMORY_DETAILS(X)
#undef X
};

enum class MemoryKeyKind : std::uint8_t { kBytes, kEvents };

struct MemoryKeyInfo {
  std::string_view name;
  MemoryKeyKind kind;
};

inline constexpr auto kMemoryKeys = std::to_array<MemoryKeyInfo>({
#define X(name, kind) {#name, MemoryKeyKind::kind},
    PLIMSOLL_MEMORY_DETAILS(X)
#undef X
});
inline constexpr std::size_t kMemoryKeyCount = kMemoryKeys.size();

// With the descendants (v1: the total_ keys).
class MemoryDetail {
 public:
  [[nodiscard]] std::optional<std::uint64_t> value(std::size_t key) const {
    return present_.test(key) ? std::optional(values_[key]) : std::nullopt;
  }
  [[nodiscard]] std::optional<std::uint64_t> value(MemoryKey key) const {
    return value(static_cast<std::size_t>(key));
  }
  void set(MemoryKey key, std::optional<std::uint64_t> value) {
    const auto i = static_cast<std::size_t>(key);
    values_[i] = value.value_or(0);
    present_.set(i, value.has_value());
  }
  bool operator==(const MemoryDetail&) const = default;

  // Raw, for the snapshot's columns.
  using Values = std::array<std::uint64_t, kMemoryKeyCount>;
  using Bits = std::bitset<kMemoryKeyCount>;
  [[nodiscard]] const Values& values() const { return values_; }
  [[nodiscard]] const Bits& present() const { return present_; }

 private:
  Values values_{};
  Bits present_;
};

}  // namespace plimsoll::cgroupfs
