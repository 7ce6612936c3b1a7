#include "control/manager/properties.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plimsoll::control {
namespace {

using ::testing::HasSubstr;
using Properties = std::vector<UnitProperty>;

Properties told(std::string_view file, std::string_view text, const BandwidthV1& bandwidth = {}) {
  const auto change = unit_change(file, text, bandwidth);
  EXPECT_TRUE(change) << file << " " << text << ": " << (change ? "" : change.error().message());
  return change ? change->properties : Properties{};
}

std::string why_not(std::string_view file, std::string_view text) {
  const auto change = unit_change(file, text);
  EXPECT_FALSE(change) << file << " " << text;
  if (change) return "";
  EXPECT_EQ(change.error().kind, ErrorKind::kNotOffered);
  return change.error().subject;
}

TEST(UnitChange, NumbersAndNoLimit) {
  EXPECT_EQ(told("memory.max", "67108864"), (Properties{{"MemoryMax", std::uint64_t{67108864}}}));
  EXPECT_EQ(told("memory.max", "max"), (Properties{{"MemoryMax", kInfinity}}));
  EXPECT_EQ(told("memory.limit_in_bytes", "-1"), (Properties{{"MemoryMax", kInfinity}}));
  EXPECT_EQ(told("memory.high", "4096"), (Properties{{"MemoryHigh", std::uint64_t{4096}}}));
  EXPECT_EQ(told("memory.low", "0"), (Properties{{"MemoryLow", std::uint64_t{0}}}));
  EXPECT_EQ(told("memory.min", "4096"), (Properties{{"MemoryMin", std::uint64_t{4096}}}));
  EXPECT_EQ(told("memory.swap.max", "0"), (Properties{{"MemorySwapMax", std::uint64_t{0}}}));
  EXPECT_EQ(told("pids.max", "100"), (Properties{{"TasksMax", std::uint64_t{100}}}));
  EXPECT_EQ(told("cpu.weight", "50"), (Properties{{"CPUWeight", std::uint64_t{50}}}));
  EXPECT_EQ(told("cpu.shares", "512"), (Properties{{"CPUShares", std::uint64_t{512}}}));
  EXPECT_EQ(told("cpu.idle", "1"), (Properties{{"CPUWeight", std::uint64_t{0}}}));
}

// systemd computes PerSec * period / 1 s, rounding down (cgroup_apply_unified_cpu_quota).
TEST(UnitChange, AQuotaComesOutAsItWasForEveryPeriod) {
  for (const std::uint64_t period : {1000U, 30'000U, 33'333U, 99'999U, 100'000U, 1'000'000U})
    for (const std::uint64_t quota : {1000U, 1001U, 10'001U, 25'000U, 123'457U, 7'654'321U}) {
      const Properties properties =
          told("cpu.max", std::to_string(quota) + " " + std::to_string(period));
      ASSERT_EQ(properties.size(), 2U);
      EXPECT_EQ(properties[0].name, "CPUQuotaPerSecUSec");
      EXPECT_EQ(properties[1], (UnitProperty{"CPUQuotaPeriodUSec", period}));
      const auto per_second = std::get<std::uint64_t>(properties[0].value);
      EXPECT_EQ(per_second * period / 1'000'000, quota) << quota << " of " << period;
    }
}

TEST(UnitChange, NoQuotaHasSystemdsOwnPeriod) {
  const Properties none{{"CPUQuotaPerSecUSec", kInfinity}, {"CPUQuotaPeriodUSec", kInfinity}};
  EXPECT_EQ(told("cpu.max", "max 100000"), none);
  EXPECT_EQ(told("cpu.max", "max"), none);
  EXPECT_THAT(why_not("cpu.max", "max 50000"), HasSubstr("100 ms"));
}

TEST(UnitChange, V1NeedsQuotaAndPeriodToSayOne) {
  const Properties half{{"CPUQuotaPerSecUSec", std::uint64_t{500'000}},
                        {"CPUQuotaPeriodUSec", std::uint64_t{50'000}}};
  EXPECT_EQ(told("cpu.cfs_quota_us", "25000", {"-1", "50000"}), half);
  EXPECT_EQ(told("cpu.cfs_period_us", "50000", {"25000", "100000"}), half);
}

TEST(UnitChange, SetsOfNumbersAreBits) {
  EXPECT_EQ(told("cpuset.cpus", "0-1,9"), (Properties{{"AllowedCPUs", CpuMask{3, 2}}}));
  EXPECT_EQ(told("cpuset.mems", ""), (Properties{{"AllowedMemoryNodes", CpuMask{}}}));
}

TEST(UnitChange, DevicesAreNamedByTheirNodes) {
  const PerPath megabyte{{"/dev/block/254:0", 1048576}};
  const PerPath none{{"/dev/block/254:0", kInfinity}};
  EXPECT_EQ(told("io.max", "254:0 rbps=1048576 wiops=max"),
            (Properties{{"IOReadBandwidthMax", megabyte}, {"IOWriteIOPSMax", none}}));
  EXPECT_EQ(told("io.max", "254:0 rbps=max wbps=max riops=max wiops=max").size(), 4U);
  EXPECT_EQ(told("blkio.throttle.read_bps_device", "254:0 1048576"),
            (Properties{{"IOReadBandwidthMax", megabyte}}));
  EXPECT_EQ(told("blkio.throttle.read_bps_device", "254:0 0"),
            (Properties{{"IOReadBandwidthMax", none}}));
  EXPECT_EQ(told("io.weight", "default 200"), (Properties{{"IOWeight", std::uint64_t{200}}}));
  EXPECT_EQ(told("io.weight", "254:0 200"),
            (Properties{{"IODeviceWeight", PerPath{{"/dev/block/254:0", 200}}}}));
  EXPECT_EQ(told("io.latency", "254:0 target=10000"),
            (Properties{{"IODeviceLatencyTargetUSec", PerPath{{"/dev/block/254:0", 10'000}}}}));
}

TEST(UnitChange, FreezingIsNoProperty) {
  EXPECT_EQ(*unit_change("cgroup.freeze", "1"), (UnitChange{{}, limit::Switch::kOn}));
  EXPECT_EQ(*unit_change("cgroup.freeze", "0"), (UnitChange{{}, limit::Switch::kOff}));
}

TEST(UnitChange, SaysWhyThereIsNoWay) {
  EXPECT_THAT(why_not("memory.oom.group", "1"), HasSubstr("OOMPolicy="));
  EXPECT_THAT(why_not("io.bfq.weight", "default 10"), HasSubstr("set io.weight"));
  EXPECT_THAT(why_not("cpu.max.burst", "1000"), HasSubstr("no property for cpu.max.burst"));
  EXPECT_THAT(why_not("hugetlb.2MB.max", "0"), HasSubstr("no property"));
  EXPECT_THAT(why_not("pids.max", "0"), HasSubstr("no 0 for TasksMax"));
  EXPECT_THAT(why_not("memory.max", "0"), HasSubstr("no 0 for MemoryMax"));
}

TEST(UnitChange, NamesTextThatNoPlanHas) {
  for (const auto& [file, text] :
       {std::pair{"memory.max", "much"}, std::pair{"memory.max", ""}, std::pair{"cpu.max", ""},
        std::pair{"io.max", "254:0"}, std::pair{"io.max", "254:0 rbps"},
        std::pair{"io.max", "254:0 speed=3"}, std::pair{"io.weight", "200"},
        std::pair{"io.latency", "254:0 10"}}) {
    const auto change = unit_change(file, text);
    ASSERT_FALSE(change) << file << " " << text;
    EXPECT_EQ(change.error().kind, ErrorKind::kMalformed) << file << " " << text;
    EXPECT_EQ(change.error().subject, text);
  }
}

TEST(BandwidthV1, IsWhatSystemdMakesOfItsOwnTwoNumbers) {
  const auto same = [](const BandwidthV1& now, const char* quota, const char* period) {
    EXPECT_EQ(now.quota, quota);
    EXPECT_EQ(now.period, period);
  };
  same(bandwidth_v1(kInfinity, kInfinity), "-1", "100000");
  same(bandwidth_v1(250'000, kInfinity), "25000", "100000");
  same(bandwidth_v1(250'000, 50'000), "12500", "50000");
}

// The planner's view of a group whose controller is still to be enabled is that of a new group.
TEST(TextWithoutController, IsTheDefaultOfTheCatalogue) {
  for (const limit::KnobInfo& info : limit::catalogue()) {
    const auto text = text_without_controller(info.file_v2);
    if (!text || info.detail != limit::Detail::kNone) continue;
    EXPECT_THAT(std::string(*text),
                ::testing::StartsWith(
                    std::string(info.knob == limit::Knob::kCpuPeriod ? "max" : info.default_v2)))
        << info.name;
  }
  EXPECT_EQ(text_without_controller("cgroup.freeze"), std::nullopt);
  EXPECT_EQ(text_without_controller("memory.current"), std::nullopt);
}

}  // namespace
}  // namespace plimsoll::control
