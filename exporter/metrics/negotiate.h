// What a client can take: the Accept and Accept-Encoding headers (RFC 9110, 12.4 and 12.5). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "exporter/metrics/format.h"

namespace plimsoll::exporter {

enum class Coding : std::uint8_t { kIdentity, kGzip };

// The format with the highest q. On a tie a named format goes before */*, then the one that was
// named first; where only wildcards match, text comes first. Without a header: text. Ranges that
// are malformed count as not sent. Nothing when none of the formats is acceptable.
[[nodiscard]] std::optional<Format> choose_format(std::string_view accept);

// gzip, when it is acceptable and not liked less than identity. Nothing when neither is acceptable.
[[nodiscard]] std::optional<Coding> choose_coding(std::string_view accept_encoding);

}  // namespace plimsoll::exporter
