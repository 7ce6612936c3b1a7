// CPU shares (v1) from a CPU weight (v2).
#pragma once

#include <cstdint>

namespace plimsoll::exporter {

// The weight that runc (since 1.3.2), crun (since 1.23) and containerd write for `shares`:
// ceil(10^((L^2 + 125 L) / 612 - 7/34)) with L = log2(shares): 2 -> 1, 1024 -> 100, 262144 ->
// 10000.
[[nodiscard]] std::uint64_t weight_of_shares(std::uint64_t shares);

// Its inverse. Many shares have one weight: the power of two among them, which is what people
// write (512, 1024), else the largest.
[[nodiscard]] std::uint64_t shares_of_weight(std::uint64_t weight);

}  // namespace plimsoll::exporter
