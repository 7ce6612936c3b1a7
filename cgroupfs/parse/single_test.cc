#include "cgroupfs/parse/single.h"

#include "cgroupfs/parse/testing.h"

namespace plimsoll::cgroupfs {
namespace {

using L = Limit<std::uint64_t>;

TEST(Number, IsOneWholeLine) {
  EXPECT_EQ(*parse_number("0\n"), 0U);
  EXPECT_EQ(*parse_number("18446744073709551615\n"), 18446744073709551615U);
  expect_malformed(parse_number, {{"Empty", "", ""},
                                  {"OnlyNewline", "\n", ""},
                                  {"Torn", "12", "12"},
                                  {"Word", "max\n", "max"},
                                  {"Negative", "-1\n", "-1"},
                                  {"Sign", "+1\n", "+1"},
                                  {"Blank", " 1\n", " 1"},
                                  {"TwoLines", "1\n2\n", "1"},
                                  {"Overflow", "18446744073709551616\n", "18446744073709551616"}});
}

TEST(LimitFile, SaysMaxOrANumber) {
  EXPECT_EQ(*parse_limit("max\n"), L::none());
  EXPECT_EQ(*parse_limit("0\n"), L(0));
  EXPECT_EQ(*parse_limit("4096\n"), L(4096));
  expect_malformed(parse_limit, {{"Empty", "", ""},
                                 {"TornMax", "max", "max"},
                                 {"TornNumber", "40", "40"},
                                 {"Capital", "MAX\n", "MAX"},
                                 {"Negative", "-1\n", "-1"}});
}

TEST(V1BytesLimit, ValuesNoMachineCanHaveAreUnlimited) {
  EXPECT_EQ(*parse_v1_bytes_limit("9223372036854771712\n"), L::none());  // 4 KiB pages.
  EXPECT_EQ(*parse_v1_bytes_limit("9223372036854710272\n"), L::none());  // 64 KiB pages.
  EXPECT_EQ(*parse_v1_bytes_limit("9223372035781033984\n"), L::none());  // Rounded to 1 GiB.
  EXPECT_EQ(*parse_v1_bytes_limit("18446744073709551615\n"), L::none());
  EXPECT_EQ(*parse_v1_bytes_limit("4611686018427387903\n"), L(4611686018427387903));
  EXPECT_EQ(*parse_v1_bytes_limit("0\n"), L(0));
  expect_malformed(parse_v1_bytes_limit, {{"Word", "max\n", "max"}, {"Empty", "", ""}});
}

TEST(CfsQuota, MinusOneIsUnlimited) {
  EXPECT_EQ(*parse_cfs_quota_us("-1\n"), L::none());
  EXPECT_EQ(*parse_cfs_quota_us("50000\n"), L(50000));
  expect_malformed(parse_cfs_quota_us,
                   {{"OtherNegative", "-2\n", "-2"}, {"Torn", "-1", "-1"}, {"Empty", "", ""}});
}

TEST(Flag, IsZeroOrOne) {
  EXPECT_EQ(*parse_flag("0\n"), 0U);
  EXPECT_EQ(*parse_flag("1\n"), 1U);
  expect_malformed(parse_flag, {{"Two", "2\n", "2"}, {"Empty", "", ""}});
}

}  // namespace
}  // namespace plimsoll::cgroupfs
