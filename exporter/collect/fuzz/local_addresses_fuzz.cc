// Input: the first byte chooses the file, the rest is its text.
#include <cstdint>
#include <cstdlib>

#include "exporter/collect/local_addresses.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto addresses = (data[0] & 1U) != 0 ? plimsoll::exporter::parse_fib_trie(text)
                                             : plimsoll::exporter::parse_if_inet6(text);
  if (!addresses)
    return addresses.error().subject.find('\n') == std::string::npos ? 0 : (std::abort(), 0);
  for (const std::string& address : *addresses)
    if (address.find_first_not_of("0123456789abcdef.:") != std::string::npos) std::abort();
  return 0;
}
