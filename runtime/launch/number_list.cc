#include "runtime/launch/number_list.h"

#include <algorithm>
#include <climits>

#include "base/fill_in.h"
#include "base/number.h"
#include "base/text.h"

namespace plimsoll::runtime {

Result<std::vector<unsigned long>> bits_of_list(std::string_view text) {
  constexpr unsigned kMost = 8191;
  constexpr unsigned kWord = sizeof(unsigned long) * CHAR_BIT;
  std::vector<unsigned long> bits;
  for (std::string_view rest = trim(text); !rest.empty();) {
    const std::string_view range = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), range.size() + 1));
    const std::size_t dash = range.find('-');
    const auto first = to_number<unsigned>(trim(range.substr(0, dash)));
    const auto last =
        dash == std::string_view::npos ? first : to_number<unsigned>(trim(range.substr(dash + 1)));
    if (!first || !last || *last < *first || *last > kMost)
      return invalid_input("list", fill_in("\"{}\" is no list of numbers", text));
    if (*last / kWord >= bits.size()) bits.resize(*last / kWord + 1);
    for (unsigned i = *first; i <= *last; ++i) bits[i / kWord] |= 1UL << (i % kWord);
  }
  return bits;
}

}  // namespace plimsoll::runtime
