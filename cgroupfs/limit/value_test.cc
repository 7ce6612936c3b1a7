#include "cgroupfs/limit/value.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace plimsoll::limit {
namespace {

const Host kHost = {.memory_bytes = 8ULL << 30, .cpus = 2, .pids = 32'768};
constexpr std::uint64_t kMega = 1 << 20;

Value nano(std::uint64_t amount) {
  return CpuTime{CpuTime::Unit::kNanoCpus, amount};
}
Value usec(std::uint64_t amount) {
  return CpuTime{CpuTime::Unit::kMicroseconds, amount};
}
Value number(std::uint64_t amount) {
  return amount;
}

struct Good {
  const char* name;
  Knob knob;
  const char* text;
  Value value;
  const char* detail = "";
  const char* printed = nullptr;  // When it is not `text`.
};
class GoodValue : public ::testing::TestWithParam<Good> {};

TEST_P(GoodValue, IsReadAndPrinted) {
  const Good& row = GetParam();
  const auto setting = parse_setting(row.knob, row.text, kHost);
  ASSERT_TRUE(setting) << setting.error().message();
  EXPECT_EQ(*setting, (Setting{row.knob, row.detail, row.value}));
  const std::string printed = to_text(*setting);
  EXPECT_EQ(printed, row.printed != nullptr ? row.printed : row.text);
  EXPECT_EQ(*parse_setting(row.knob, printed, kHost), *setting);
}

INSTANTIATE_TEST_SUITE_P(
    , GoodValue,
    ::testing::Values(
        Good{"Mega", Knob::kMemoryMax, "64M", number(64 * kMega)},
        Good{"MegaLong", Knob::kMemoryMax, " 64 MiB ", number(64 * kMega), "", "64M"},
        Good{"MegaSmall", Knob::kMemoryMax, "64mb", number(64 * kMega), "", "64M"},
        Good{"BareBytes", Knob::kMemoryMax, "4097", number(4097)},
        Good{"FractionOfGiga", Knob::kMemoryMax, "1.5G", number(1536 * kMega), "", "1536M"},
        Good{"RoundedDown", Knob::kMemoryMax, "0.3k", number(307), "", "307"},
        Good{"HalfTheHost", Knob::kMemoryHigh, "50%", number(4ULL << 30), "", "4G"},
        Good{"EighthOfTheHost", Knob::kMemoryHigh, "12.5%", number(1ULL << 30), "", "1G"},
        Good{"NoLimit", Knob::kMemoryMax, "max", Unlimited{}},
        Good{"NoSwap", Knob::kMemorySwap, "0", number(0)},
        Good{"Cpus", Knob::kCpuQuota, "0.25 cpus", nano(250'000'000)},
        Good{"CpusBare", Knob::kCpuQuota, "2", nano(2'000'000'000), "", "2 cpus"},
        Good{"CpusPercent", Knob::kCpuQuota, "150%", nano(1'500'000'000), "", "1.5 cpus"},
        Good{"CpusFine", Knob::kCpuQuota, "0.000000001", nano(1), "", "0.000000001 cpus"},
        Good{"CpuTimeMs", Knob::kCpuQuota, "25ms", usec(25'000), "", "25000us"},
        Good{"CpuTimeUs", Knob::kCpuQuota, "25000us", usec(25'000)},
        Good{"CpuNoLimit", Knob::kCpuQuota, "max", Unlimited{}},
        Good{"PeriodBare", Knob::kCpuPeriod, "100000", number(100'000), "", "100000us"},
        Good{"PeriodSeconds", Knob::kCpuPeriod, "0.1s", number(100'000), "", "100000us"},
        Good{"Weight", Knob::kCpuWeight, "100", number(100)},
        Good{"On", Knob::kFreeze, "on", number(1)},
        Good{"Off", Knob::kCpuIdle, "0", number(0), "", "off"},
        Good{"Cpuset", Knob::kCpusetCpus, "7,0-2,3", IdSet{{0, 3}, {7, 7}}, "", "0-3,7"},
        Good{"Pids", Knob::kPidsMax, "2k", number(2000), "", "2000"},
        Good{"PidsPercent", Knob::kPidsMax, "15%", number(4915), "", "4915"},
        Good{"PidsNone", Knob::kPidsMax, "0", number(0)},
        Good{"Device", Knob::kIoRbps, "254:0=10M", number(10 * kMega), "254:0"},
        Good{"DeviceSpelling", Knob::kIoRbps, " 0254:00 = max", Unlimited{}, "254:0", "254:0=max"},
        Good{"Operations", Knob::kIoWiops, "8:0=1k", number(1000), "8:0", "8:0=1000"},
        Good{"WeightOfAll", Knob::kIoWeight, "200", number(200)},
        Good{"WeightOfOne", Knob::kIoBfqWeight, "8:16=200", number(200), "8:16"},
        Good{"Huge", Knob::kHugetlbMax, "2MB=64M", number(64 * kMega), "2MB"},
        Good{"Latency", Knob::kIoLatency, "8:0=10ms", number(10'000), "8:0", "8:0=10000us"},
        Good{"Cost", Knob::kIoCostQos, "8:0=enable=1  rpct=95.00",
             std::string("enable=1 rpct=95.00"), "8:0", "8:0=enable=1 rpct=95.00"}),
    [](const auto& row) { return std::string(row.param.name); });

struct Bad {
  const char* name;
  Knob knob;
  const char* text;
  const char* says;  // A part of the message that helps.
};
class BadValue : public ::testing::TestWithParam<Bad> {};

TEST_P(BadValue, NamesTheKnobAndWhatWasExpected) {
  const Bad& row = GetParam();
  const auto setting = parse_setting(row.knob, row.text);
  ASSERT_FALSE(setting) << to_text(*setting);
  EXPECT_EQ(setting.error().kind, ErrorKind::kInvalidInput);
  EXPECT_NE(setting.error().subject.find(name_of(row.knob)), std::string::npos);
  EXPECT_NE(setting.error().subject.find(row.says), std::string::npos) << setting.error().subject;
}

INSTANTIATE_TEST_SUITE_P(
    , BadValue,
    ::testing::Values(
        Bad{"Nothing", Knob::kMemoryMax, "", "such as 64M"},
        Bad{"Negative", Knob::kMemoryMax, "-1", "such as 64M"},
        Bad{"UnknownSuffix", Knob::kMemoryMax, "64Q", "such as 64M"},
        Bad{"TwoSuffixes", Knob::kMemoryMax, "64MM", "such as 64M"},
        Bad{"TwoPoints", Knob::kMemoryMax, "1.2.3M", "such as 64M"},
        Bad{"PointLast", Knob::kMemoryMax, "1.M", "such as 64M"},
        Bad{"FractionOfAByte", Knob::kMemoryMax, "1.5", "such as 64M"},
        Bad{"TooManyBytes", Knob::kMemoryMax, "16E", "below 16E"},
        Bad{"Overflow", Knob::kMemoryMax, "18446744073709551616", "such as 64M"},
        Bad{"PercentOfUnknown", Knob::kMemoryMax, "50%", "the host's memory is not known"},
        Bad{"RateInPercent", Knob::kIoRbps, "8:0=50%", "such as 64M"},
        Bad{"MicrosecondsAsCpus", Knob::kCpuQuota, "25000", "25000us"},
        Bad{"WeightWithUnit", Knob::kCpuWeight, "100M", "whole number"},
        Bad{"Maybe", Knob::kFreeze, "maybe", "on or off"},
        Bad{"BackwardRange", Knob::kCpusetCpus, "3-1", "list such as"},
        Bad{"NoCpu", Knob::kCpusetCpus, " ", "list such as"},
        Bad{"HugeCpu", Knob::kCpusetCpus, "0-4294967295", "list such as"},
        Bad{"NoDevice", Knob::kIoRbps, "10M", "254:0="},
        Bad{"DeviceName", Knob::kIoRbps, "sda=10M", "254:0="},
        Bad{"NoPageSize", Knob::kHugetlbMax, "64M", "2MB=64M"},
        Bad{"BadPageSize", Knob::kHugetlbMax, "../x=64M", "2MB=64M"},
        Bad{"NotKeys", Knob::kIoCostQos, "8:0=enable", "enable=1"},
        Bad{"KeysWithNewline", Knob::kIoCostQos, "8:0=enable=1\n8:16 enable=1", "enable=1"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(PercentOfHost, MoreThanAllIsRefused) {
  EXPECT_TRUE(parse_setting(Knob::kMemoryMax, "100%", kHost));
  EXPECT_FALSE(parse_setting(Knob::kMemoryMax, "100.1%", kHost));
}

TEST(Unset, TakesTheDetailWhereThereIsOne) {
  EXPECT_EQ(to_text(*parse_unset(Knob::kMemoryMax, "")), "unset");
  EXPECT_EQ(to_text(*parse_unset(Knob::kIoRbps, "254:0")), "254:0=unset");
  EXPECT_EQ(to_text(*parse_unset(Knob::kIoWeight, "")), "unset");
  EXPECT_FALSE(parse_unset(Knob::kIoRbps, ""));
  EXPECT_FALSE(parse_unset(Knob::kMemoryMax, "254:0"));
}

TEST(Limits, SettingsGoInAndComeOut) {
  const std::vector<Setting> settings = {
      *parse_setting(Knob::kCpuQuota, "0.5"),     *parse_setting(Knob::kMemoryMax, "64M"),
      *parse_unset(Knob::kMemorySwap, ""),        *parse_setting(Knob::kIoWeight, "50"),
      *parse_setting(Knob::kIoWeight, "8:0=70"),  *parse_setting(Knob::kIoRbps, "8:0=1M"),
      *parse_setting(Knob::kIoRbps, "254:0=max"), *parse_setting(Knob::kHugetlbMax, "2MB=0"),
      *parse_setting(Knob::kFreeze, "off")};
  Limits limits;
  for (const Setting& setting : settings) limits = *with(limits, setting);
  EXPECT_EQ(settings_of(limits), settings);
  EXPECT_EQ(limits.cpu_quota.value().value(), (CpuTime{CpuTime::Unit::kNanoCpus, 500'000'000}));
  EXPECT_EQ(limits.memory_max.value().value(), Bytes{64 * kMega});
  EXPECT_TRUE(limits.memory_swap.is_unset());
  EXPECT_FALSE(limits.memory_high.is_asked());
  EXPECT_TRUE(limits.io_rbps.at({254, 0}).value().is_none());
}

TEST(Limits, TheLaterOfTwoCounts) {
  Limits limits = *with({}, *parse_setting(Knob::kPidsMax, "5"));
  limits = *with(limits, *parse_unset(Knob::kPidsMax, ""));
  EXPECT_TRUE(limits.pids_max.is_unset());
}

TEST(Limits, AValueOfAnotherTypeIsRefused) {
  EXPECT_FALSE(with({}, {Knob::kMemoryMax, "", IdSet{{0, 1}}}));
  EXPECT_FALSE(with({}, {Knob::kCpusetCpus, "", number(1)}));
  EXPECT_FALSE(with({}, {Knob::kFreeze, "", number(2)}));
  EXPECT_FALSE(with({}, {Knob::kCpuWeight, "", Unlimited{}}));
  EXPECT_FALSE(with({}, {Knob::kCpuPeriod, "", number(~0ULL)}));
}

TEST(Catalogue, EveryKnobHasADistinctNameAndAFileOrAReason) {
  for (const KnobInfo& info : catalogue()) {
    EXPECT_EQ(knob_named(info.name), info.knob);
    if (!info.alias.empty()) {
      EXPECT_EQ(knob_named(info.alias), info.knob);
    }
    EXPECT_NE(info.file_v1.empty(), info.why_not_v1.empty()) << info.name;
    EXPECT_NE(info.file_v2.empty(), info.why_not_v2.empty()) << info.name;
    EXPECT_FALSE(info.help.empty()) << info.name;
    EXPECT_GT(info.max, info.min) << info.name;
  }
  EXPECT_EQ(knob_named("memory"), Knob::kMemoryMax);
  EXPECT_EQ(knob_named(""), std::nullopt);
  EXPECT_EQ(knob_named("memory.maximum"), std::nullopt);
}

}  // namespace
}  // namespace plimsoll::limit
