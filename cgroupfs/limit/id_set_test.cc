#include "cgroupfs/limit/id_set.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <iterator>
#include <set>

namespace plimsoll::limit {
namespace {

TEST(IdSet, IsPrintedAsTheKernelDoes) {
  EXPECT_EQ(IdSet::parse("3,1,0-2,9\n")->text(), "0-3,9");
  EXPECT_EQ(IdSet::parse("0-3,2-5,6")->text(), "0-6");
  EXPECT_EQ(IdSet::parse("")->text(), "");
  EXPECT_TRUE(IdSet::parse("\n")->empty());
}

TEST(IdSet, NamesWhatIsNoRange) {
  for (const char* text : {"a", "1-", "-1", "2-1", "1,,2", "1,", "1 2", "0-1048576", "0-7:1/2"}) {
    const auto set = IdSet::parse(text);
    ASSERT_FALSE(set) << text;
    EXPECT_EQ(set.error().kind, ErrorKind::kInvalidInput);
  }
  EXPECT_NE(IdSet::parse("0-1,x-3").error().subject.find("x-3"), std::string::npos);
}

using Numbers = std::set<std::uint32_t>;

Numbers any_numbers() {
  return *rc::gen::container<Numbers>(rc::gen::inRange<std::uint32_t>(0, 40));
}
IdSet set_of(const Numbers& numbers) {
  IdSet set;
  for (const std::uint32_t n : numbers) set = set.united(IdSet{{n, n}});
  return set;
}

RC_GTEST_PROP(IdSet, BehavesAsASetOfNumbers, ()) {
  const Numbers a = any_numbers();
  const Numbers b = any_numbers();
  Numbers both = a;
  both.insert(b.begin(), b.end());
  Numbers common;
  std::ranges::set_intersection(a, b, std::inserter(common, common.end()));
  RC_ASSERT(set_of(a).united(set_of(b)) == set_of(both));
  RC_ASSERT(set_of(a).intersected(set_of(b)) == set_of(common));
  RC_ASSERT(set_of(a).subset_of(set_of(b)) == std::ranges::includes(b, a));
  RC_ASSERT(set_of(a).size() == a.size());
  RC_ASSERT(*IdSet::parse(set_of(a).text()) == set_of(a));
}

}  // namespace
}  // namespace plimsoll::limit
