// How a batch stands in its file: a header that proves the rest, then the request body.
//
//   "PLMQ0001"  magic and version      u64 samples  u64 body bytes  u32 CRC-32 of both and the body
//
// Little endian. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "exporter/push/batcher.h"

namespace plimsoll::exporter {

inline constexpr std::size_t kBatchHeader = 8 + 8 + 8 + 4;

[[nodiscard]] std::string batch_header(const Batch& batch);
// Nothing when `file` is not a whole, undamaged batch.
[[nodiscard]] std::optional<Batch> read_batch(std::string_view file);
// The header alone: samples of a file whose body has not been read. Nothing when it is no header.
[[nodiscard]] std::optional<std::uint64_t> samples_in_header(std::string_view header);

}  // namespace plimsoll::exporter
