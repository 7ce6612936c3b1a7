// What one archive may cost.
#pragma once

#include <cstdint>

namespace plimsoll::image::unpack {

struct Limits {
  std::uint64_t bytes = std::uint64_t{256}
                        << 30U;  // Of the archive, uncompressed; and of one file.
  std::uint64_t entries = 4'000'000;
  // How many times longer than what was compressed. gzip cannot do more than 1032; the first
  // `free_bytes` are not looked at, since small archives of zeros are no harm.
  std::uint64_t ratio = 1100;
  std::uint64_t free_bytes = std::uint64_t{1} << 30U;
  std::uint64_t depth = 256;
  std::uint64_t attribute_bytes = std::uint64_t{256} << 10U;  // Extended ones, of one entry.
};

}  // namespace plimsoll::image::unpack
