#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/text.h"
#include "control/audit/chain.h"

// Whatever the text: checking and reading end, a good chain has only lines with the right shape,
// and a chain goes on behind whatever end was found.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plimsoll::control;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const ChainEnd end = find_end(text);
  if (end.torn_bytes > size) std::abort();
  const auto part = check_chain(text, std::nullopt);
  if (part && part->head != end.head) std::abort();
  std::string_view rest = text;
  for (std::string_view line; plimsoll::next_line(rest, line);) {
    const auto shape = shape_of(line);
    if (shape && shape->hashed.size() >= line.size()) std::abort();
    const auto record = parse_line(line);
    if (!record) continue;
    const auto again = write_line(*record, no_digest());
    if (!again || !shape_of(again->text.substr(0, again->text.size() - 1))) std::abort();
  }
  return 0;
}
