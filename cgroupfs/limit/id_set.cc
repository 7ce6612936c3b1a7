#include "cgroupfs/limit/id_set.h"

#include <algorithm>
#include <optional>

#include "base/number.h"
#include "base/text.h"

namespace plimsoll::limit {
namespace {

std::optional<IdSet::Range> parse_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = to_number<std::uint32_t>(text.substr(0, dash));
  const auto last =
      dash == std::string_view::npos ? first : to_number<std::uint32_t>(text.substr(dash + 1));
  if (!first || !last || *last < *first || *last >= IdSet::kMaxId) return std::nullopt;
  return IdSet::Range{*first, *last};
}

}  // namespace

IdSet::IdSet(std::initializer_list<Range> ranges) : ranges_(ranges) {
  normalise();
}

Result<IdSet> IdSet::parse(std::string_view text) {
  IdSet set;
  std::string_view rest = trim(text);
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    const std::string_view part = rest.substr(0, comma);
    const auto range = parse_range(part);
    if (!range) return invalid_input("list", "\"" + std::string(part) + "\" is neither 3 nor 0-3");
    set.ranges_.push_back(*range);
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
    if (rest.empty()) return invalid_input("list", "nothing after the last ','");
  }
  set.normalise();
  return set;
}

void IdSet::normalise() {
  std::ranges::sort(ranges_);
  std::size_t kept = 0;
  for (std::size_t i = 1; i < ranges_.size(); ++i) {
    if (ranges_[i].first <= ranges_[kept].last + 1)
      ranges_[kept].last = std::max(ranges_[kept].last, ranges_[i].last);
    else
      ranges_[++kept] = ranges_[i];
  }
  if (!ranges_.empty()) ranges_.resize(kept + 1);
}

std::string IdSet::text() const {
  std::string out;
  for (const Range& range : ranges_) {
    if (!out.empty()) out += ',';
    out += std::to_string(range.first);
    if (range.last != range.first) out += '-' + std::to_string(range.last);
  }
  return out;
}

std::uint64_t IdSet::size() const {
  std::uint64_t count = 0;
  for (const Range& range : ranges_) count += std::uint64_t{range.last} - range.first + 1;
  return count;
}

bool IdSet::subset_of(const IdSet& other) const {
  return std::ranges::all_of(ranges_, [&](const Range& mine) {
    return std::ranges::any_of(other.ranges_, [&](const Range& theirs) {
      return theirs.first <= mine.first && mine.last <= theirs.last;
    });
  });
}

IdSet IdSet::united(const IdSet& other) const {
  IdSet both = *this;
  both.ranges_.insert(both.ranges_.end(), other.ranges_.begin(), other.ranges_.end());
  both.normalise();
  return both;
}

IdSet IdSet::intersected(const IdSet& other) const {
  IdSet common;
  for (const Range& mine : ranges_)
    for (const Range& theirs : other.ranges_) {
      const Range range{std::max(mine.first, theirs.first), std::min(mine.last, theirs.last)};
      if (range.first <= range.last) common.ranges_.push_back(range);
    }
  common.normalise();
  return common;
}

}  // namespace plimsoll::limit
