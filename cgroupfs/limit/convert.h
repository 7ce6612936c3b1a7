// The scales of v1 (and of the OCI runtime specification) and of v2, both ways, over their whole
// domains. Pure.
//
// Three formulas for CPU weights live on one host, so every conversion names its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/number.h"
#include "cgroupfs/limit/limits.h"

namespace plimsoll::limit {

inline constexpr std::uint64_t kMinShares = 2;
inline constexpr std::uint64_t kMaxShares = 262'144;
inline constexpr std::uint64_t kMinWeight = 1;
inline constexpr std::uint64_t kMaxWeight = 10'000;

enum class SharesFormula : std::uint8_t {
  // 1 + (s - 2) * 9999 / 262142: runc before 1.3.2, crun before 1.23, the kubelet's pod level. 1024
  // shares are weight 39.
  kLinear,
  // ceil(10^((L^2 + 125 L) / 612 - 7 / 34)), L = log2(s): runc since 1.3.2, crun since 1.23. 1024
  // are
  // 100, and both ends meet.
  kQuadratic,
  // s * 100 / 1024, at most 10000: systemd. 1024 are 100, but all above 102400 is one.
  kSystemd
};
[[nodiscard]] std::string_view name_of(SharesFormula formula);
[[nodiscard]] std::optional<SharesFormula> shares_formula_named(std::string_view name);

// A converted value, and whether it can be converted back to what it came from.
struct Converted {
  std::uint64_t value = 0;
  bool exact = true;
  bool operator==(const Converted&) const = default;
};

// `shares` is within kMinShares and kMaxShares; what is outside counts as the nearer end.
[[nodiscard]] Converted weight_from_shares(std::uint64_t shares, SharesFormula formula);
// Of all shares that have this weight under the formula the nearest to what it is without rounding
// (weight 100 is 1024), so that the way back is exact; clamped likewise.
[[nodiscard]] Converted shares_from_weight(std::uint64_t weight, SharesFormula formula);
// systemd's own way back, clamp(w * 1024 / 100): the kernel's, too (kernel/sched/core.c,
// cpu_weight_write_u64).
[[nodiscard]] Converted systemd_shares_from_weight(std::uint64_t weight);

// Thousandths of a CPU, as Kubernetes counts them, to shares: max(2, m * 1024 / 1000).
[[nodiscard]] Converted shares_from_milli_cpus(std::uint64_t milli_cpus);

// Billionths of a CPU to microseconds per period, rounded down. kInvalidInput when it does not fit.
[[nodiscard]] Result<Converted> quota_from_nano_cpus(std::uint64_t nano_cpus,
                                                     std::uint64_t period_usec);
// Nothing when quota / period is no whole number of billionths, or does not fit.
[[nodiscard]] std::optional<std::uint64_t> nano_cpus_from_quota(std::uint64_t quota_usec,
                                                                std::uint64_t period_usec);

// v1 counts memory and swap together, v2 swap alone. kInvalidInput when there is no such value:
// memsw below memory; swap bounded while memory is not.
[[nodiscard]] Result<Limit<Bytes>> swap_from_memsw(Limit<Bytes> memory, Limit<Bytes> memsw);
[[nodiscard]] Result<Limit<Bytes>> memsw_from_swap(Limit<Bytes> memory, Limit<Bytes> swap);

// blkio.weight (10 to 1000, CFQ) and io.weight: 1 + (w - 10) * 9999 / 990. All 991 ways there are
// exact; the way back exists only for their results.
[[nodiscard]] Converted io_weight_from_blkio(std::uint64_t blkio_weight);
[[nodiscard]] std::optional<std::uint64_t> blkio_weight_from_io(std::uint64_t io_weight);

}  // namespace plimsoll::limit
