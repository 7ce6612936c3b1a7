// A text with its checksum in a last line: "...\n#crc32c 1a2b3c4d\n". Rename keeps readers from
// half a file; this keeps them from what a power cut or a bad disk made of a whole one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace plimsoll::state {

// CRC-32C (RFC 3720, appendix B.4), whose check value of "123456789" is e3069283.
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes);

[[nodiscard]] std::string seal(std::string_view text);
// The text without the line, or kMalformed: "no checksum", "checksum of other bytes".
[[nodiscard]] Result<std::string_view> unseal(std::string_view sealed);

}  // namespace plimsoll::state
