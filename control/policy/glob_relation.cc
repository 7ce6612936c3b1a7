#include "control/policy/glob_relation.h"

#include <vector>

#include "base/glob.h"

namespace plimsoll::policy {

bool globs_meet(std::string_view one, std::string_view other) {
  // meets[j]: the rest of `one` and other[j..] meet. From the ends to the beginnings.
  std::vector<bool> meets(other.size() + 1);
  std::vector<bool> row(other.size() + 1);
  for (std::size_t i = one.size() + 1; i-- > 0;) {
    for (std::size_t j = other.size() + 1; j-- > 0;) {
      const bool end_one = i == one.size();
      const bool end_other = j == other.size();
      if (end_one && end_other)
        row[j] = true;
      else if (!end_one && one[i] == '*')
        row[j] = meets[j] || (!end_other && row[j + 1]);
      else if (!end_other && other[j] == '*')
        row[j] = row[j + 1] || (!end_one && meets[j]);
      else
        row[j] = !end_one && !end_other && meets[j + 1] &&
                 (one[i] == other[j] || one[i] == '?' || other[j] == '?');
    }
    std::swap(row, meets);
  }
  return meets[0];
}

bool glob_covers(std::string_view wide, std::string_view narrow) {
  // The narrow one taken as a text: its wildcards fit nothing in the wide one but wildcards. A '?'
  // there would take a '*' for one byte.
  const bool one_byte = wide.find('?') != std::string_view::npos;
  if (one_byte && narrow.find('*') != std::string_view::npos) return false;
  return glob_match(wide, narrow);
}

}  // namespace plimsoll::policy
