#include "cgroupfs/parse/keyed.h"

#include "cgroupfs/parse/testing.h"

namespace plimsoll::cgroupfs {
namespace {

struct OneTwo {
  std::optional<std::uint64_t> one, two;
  bool operator==(const OneTwo&) const = default;
};
constexpr auto kKeys =
    std::to_array<Key<OneTwo>>({{"one", &OneTwo::one}, {"seen"}, {"two", &OneTwo::two}});

Result<OneTwo> parse(std::string_view text) {
  return parse_keyed(text, kKeys);
}

TEST(Keyed, ReadsEveryKnownKeyInAnyOrder) {
  const OneTwo both{.one = 1, .two = 2};
  EXPECT_EQ(*parse("one 1\nseen 9\ntwo 2\n"), both);
  EXPECT_EQ(*parse("two 2\none 1\nseen 9\n"), both);
}

TEST(Keyed, EmptyFileAndMissingKeysLeaveTheFieldsAbsent) {
  EXPECT_EQ(*parse(""), OneTwo{});
  EXPECT_EQ(*parse("two 2\n"), (OneTwo{.one = {}, .two = 2}));
}

TEST(Keyed, SkipsKeysOfNewerKernelsWhateverTheirValue) {
  EXPECT_EQ(*parse("ones 5\non 4\nrate 1.50 max\none 1\n"), (OneTwo{.one = 1, .two = {}}));
}

TEST(Keyed, TakesTheLargestNumber) {
  EXPECT_EQ(parse("one 18446744073709551615\n")->one, 18446744073709551615U);
}

TEST(Keyed, NamesTheOffendingLine) {
  expect_malformed(parse,
                   {{"NoValue", "two 2\none\n", "one"},
                    {"OnlyABlank", "one \ntwo 2\n", "one "},
                    {"Negative", "one -1\n", "one -1"},
                    {"Overflow", "one 18446744073709551616\n", "one 18446744073709551616"},
                    {"ManyDigits", "one 99999999999999999999999\n", "one 99999999999999999999999"},
                    {"TwoValues", "one 1 2\n", "one 1 2"},
                    {"Unit", "one 1kB\n", "one 1kB"},
                    {"TwoBlanks", "one  1\n", "one  1"},
                    {"Tab", "one\t1\n", "one\t1"},
                    {"EmptyLine", "one 1\n\ntwo 2\n", ""},
                    {"UnknownWithoutValue", "three\n", "three"},
                    {"UnknownWithoutKey", " 3\n", " 3"},
                    {"KnownAndUnkeptIsChecked", "seen x\n", "seen x"}});
}

TEST(Keyed, ACutLineIsMalformedEvenWhenItLooksLikeANumber) {
  expect_malformed(parse, {{"InTheNumber", "one 1\ntwo 2", "two 2"},
                           {"AfterTheKey", "one 1\ntwo ", "two "},
                           {"InTheKey", "one 1\ntw", "tw"},
                           {"Unknown", "one 1\nfour 4", "four 4"}});
}

TEST(Lines, GivesWholeLinesOnly) {
  Lines lines("a\n\nb");
  EXPECT_EQ(**lines.next(), "a");
  EXPECT_EQ(**lines.next(), "");
  const auto torn = lines.next();
  ASSERT_FALSE(torn);
  EXPECT_EQ(torn.error().subject, "b");
  EXPECT_FALSE(Lines("").next()->has_value());
}

}  // namespace
}  // namespace plimsoll::cgroupfs
