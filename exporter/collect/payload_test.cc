#include "exporter/collect/payload.h"

#include <gtest/gtest.h>

namespace plimsoll::exporter {
namespace {

using cgroupfs::CgroupSample;
using cgroupfs::Field;

constexpr auto kNone = Limit<std::uint64_t>::none();

// As systemd makes a scope: no limit but that of tasks.
CgroupSample scope() {
  CgroupSample sample;
  sample.set(Field::kMemoryUsage, 1'000);
  sample.set(Field::kMemoryLimit, kNone);
  sample.set(Field::kMemoryLow, std::uint64_t{0});
  sample.set(Field::kPidsLimit, std::uint64_t{2'357});
  sample.set(Field::kCpuQuota, kNone);
  sample.set(Field::kCpuPeriod, std::uint64_t{100'000'000});
  sample.set(Field::kCpuThrottledPeriods, std::uint64_t{0});
  sample.set(Field::kMemoryEventsLocalOomKill, std::uint64_t{0});
  sample.cpuset_cpus = "0-3";
  return sample;
}

CgroupSample payload() {
  CgroupSample sample;
  sample.set(Field::kMemoryUsage, 900);
  sample.set(Field::kMemoryLimit, std::uint64_t{4'096});
  sample.set(Field::kMemoryLow, std::uint64_t{1'024});
  sample.set(Field::kPidsLimit, std::uint64_t{50});
  sample.set(Field::kCpuQuota, std::uint64_t{50'000'000});
  sample.set(Field::kCpuPeriod, std::uint64_t{100'000'000});
  sample.set(Field::kCpuThrottledPeriods, std::uint64_t{7});
  sample.set(Field::kMemoryEventsLocalOomKill, std::uint64_t{2});
  sample.cpuset_cpus = "1";
  return sample;
}

TEST(Payload, IsTheGroupThatCrunMakes) {
  EXPECT_EQ(container_of_payload("/machine.slice/libpod-5f.scope/container"),
            "/machine.slice/libpod-5f.scope");
  for (const char* path : {"", "/", "/a", "/a/containers", "/a/container/b", "/a/mycontainer"})
    EXPECT_EQ(container_of_payload(path), "") << path;
}

TEST(Payload, LimitsAndTheirCountersAreThePayloads) {
  const CgroupSample both = with_payload(scope(), payload());
  EXPECT_EQ(both.value(Field::kMemoryLimit), 4'096U);
  EXPECT_EQ(both.value(Field::kMemoryLow), 1'024U);
  EXPECT_EQ(both.value(Field::kPidsLimit), 50U);
  EXPECT_EQ(both.value(Field::kCpuQuota), 50'000'000U);
  EXPECT_EQ(both.value(Field::kCpuThrottledPeriods), 7U);
  EXPECT_EQ(both.value(Field::kMemoryEventsLocalOomKill), 2U);
  EXPECT_EQ(both.cpuset_cpus, "1");
  EXPECT_EQ(both.value(Field::kMemoryUsage), 1'000U) << "usage below is part of it";
}

TEST(Payload, TheTighterLimitHolds) {
  CgroupSample own = scope();
  own.set(Field::kMemoryLimit, std::uint64_t{2'048});
  own.set(Field::kCpuQuota, std::uint64_t{10'000'000});
  own.set(Field::kCpuThrottledPeriods, std::uint64_t{3});
  const CgroupSample both = with_payload(own, payload());
  EXPECT_EQ(both.value(Field::kMemoryLimit), 2'048U);
  EXPECT_EQ(both.value(Field::kCpuQuota), 10'000'000U);
  EXPECT_EQ(both.value(Field::kCpuThrottledPeriods), 3U) << "of the quota that holds";
}

TEST(Payload, WithoutLimitsThereAreNone) {
  CgroupSample free = scope();
  free.cpuset_cpus.clear();
  const CgroupSample both = with_payload(scope(), free);
  EXPECT_EQ(both.limit(Field::kMemoryLimit), kNone);
  EXPECT_EQ(both.limit(Field::kCpuQuota), kNone);
  EXPECT_EQ(both.cpuset_cpus, "0-3");
}

TEST(Payload, ProcessesAreThoseOfBoth) {
  CgroupSample own;
  own.set(Field::kFileDescriptors, std::uint64_t{0});
  own.set(Field::kSockets, std::uint64_t{0});
  CgroupSample below;
  below.set(Field::kFileDescriptors, std::uint64_t{7});
  const CgroupSample both = with_payload(own, below);
  EXPECT_EQ(both.value(Field::kFileDescriptors), 7U);
  EXPECT_EQ(both.value(Field::kSockets), std::nullopt) << "not 0: nobody could look";
}

TEST(Payload, WhatIsNotOfferedStaysAbsent) {
  const CgroupSample both = with_payload(CgroupSample(), CgroupSample());
  EXPECT_EQ(both.present().count(), 0U);
}

}  // namespace
}  // namespace plimsoll::exporter
