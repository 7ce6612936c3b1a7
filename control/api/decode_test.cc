#include "control/api/decode.h"

#include <gtest/gtest.h>

#include <string>

namespace plimsoll::control {
namespace {

using limit::Knob;
using limit::Setting;
using limit::Value;

LimitRequest good(std::string_view body) {
  auto request = decode(body, {.memory_bytes = std::uint64_t{1} << 30, .cpus = 4, .pids = 1000});
  EXPECT_TRUE(request) << body << ": " << request.error().message();
  return request.value_or(LimitRequest{});
}

TEST(Decode, TakesNumbersWordsAndText) {
  const LimitRequest request = good(R"({"set":[
      {"knob":"memory.max","value":67108864},
      {"knob":"memory.high","value":"50%"},
      {"knob":"cpu.quota","value":{"cpus":0.25}},
      {"knob":"pids.max","value":"max"},
      {"knob":"freeze","value":true},
      {"knob":"cpuset.cpus","value":"0-1"},
      {"knob":"io.rbps","detail":"8:0","value":"10M"},
      {"knob":"hugetlb.max","detail":"2MB","value":4194304}]})");
  const std::vector<Setting> expected = {
      {Knob::kMemoryMax, "", Value(std::uint64_t{64} << 20)},
      {Knob::kMemoryHigh, "", Value(std::uint64_t{512} << 20)},
      {Knob::kCpuQuota, "",
       Value(limit::CpuTime{limit::CpuTime::Unit::kNanoCpus, std::uint64_t{250'000'000}})},
      {Knob::kPidsMax, "", Value(limit::Unlimited{})},
      {Knob::kFreeze, "", Value(std::uint64_t{1})},
      {Knob::kCpusetCpus, "", Value(limit::IdSet{{0, 1}})},
      {Knob::kIoRbps, "8:0", Value(std::uint64_t{10} << 20)},
      {Knob::kHugetlbMax, "2MB", Value(std::uint64_t{4} << 20)}};
  EXPECT_EQ(request.settings, expected);
  EXPECT_EQ(request.mode, LimitRequest::Mode::kApply);
  EXPECT_EQ(request.below_floor, LimitRequest::BelowFloor::kRefuse);
  EXPECT_FALSE(request.lease);
}

TEST(Decode, TakesMicrosecondsOfQuota) {
  const LimitRequest request =
      good(R"({"set":[{"knob":"cpu.quota","value":{"microseconds":25000}}]})");
  EXPECT_EQ(request.settings.at(0).value,
            Value(limit::CpuTime{limit::CpuTime::Unit::kMicroseconds, 25'000}));
}

TEST(Decode, TakesEveryOption) {
  const LimitRequest request = good(
      R"({"unset":[{"knob":"memory.max"},{"knob":"io.wbps","detail":"8:0"}],"for":"1h30m",
          "dry_run":true,"force":true,"deadline":"5s","accept_direct_io":true})");
  const std::vector<Setting> expected = {{Knob::kMemoryMax, "", std::nullopt},
                                         {Knob::kIoWbps, "8:0", std::nullopt}};
  EXPECT_EQ(request.settings, expected);
  EXPECT_EQ(request.lease, std::chrono::minutes(90));
  EXPECT_EQ(request.mode, LimitRequest::Mode::kDryRun);
  EXPECT_EQ(request.below_floor, LimitRequest::BelowFloor::kForce);
  EXPECT_EQ(request.deadline, std::chrono::seconds(5));
  EXPECT_EQ(request.v1_write_caps, limit::PlanOptions::DirectIo::kAccept);
}

TEST(Decode, TakesWhatIsToComeBack) {
  EXPECT_TRUE(good(R"({"restore":"all"})").restore_all);
  const std::vector<KnobRef> expected = {{Knob::kMemoryMax, ""}, {Knob::kIoRbps, "8:0"}};
  EXPECT_EQ(good(R"({"restore":[{"knob":"memory"},{"knob":"io.rbps","detail":"8:0"}]})").restore,
            expected);
}

struct Bad {
  const char* name;
  std::string body;
  const char* says;
};
class DecodeRefuses : public ::testing::TestWithParam<Bad> {};

TEST_P(DecodeRefuses, AndSaysWhere) {
  const auto request = decode(GetParam().body);
  ASSERT_FALSE(request) << GetParam().body;
  EXPECT_EQ(request.error().kind, ErrorKind::kInvalidInput);
  EXPECT_NE(request.error().subject.find(GetParam().says), std::string::npos)
      << request.error().subject;
}

INSTANTIATE_TEST_SUITE_P(
    , DecodeRefuses,
    ::testing::Values(
        Bad{"Nothing", "", "not JSON at byte"}, Bad{"HalfAnObject", R"({"set":)", "not JSON"},
        Bad{"NoObject", "[]", "not an object"}, Bad{"NothingAsked", "{}", "asks for nothing"},
        Bad{"NoText", "{\"for\":\"\xff\"}", "not JSON"},
        Bad{"UnknownKey", R"({"set":[],"sett":1})", "/sett: unknown"},
        Bad{"UnknownKeyInside", R"({"set":[{"knob":"pids","value":1,"unit":"x"}]})",
            "/set/0/unit: unknown"},
        Bad{"SlashInKey", R"({"a/b":1})", "/a~1b: unknown"},
        Bad{"KeyTwice", R"({"for":"1m","for":"2m"})", "/for: given twice"},
        Bad{"KeyTwiceInside", R"({"set":[{"knob":"pids","value":1},{"knob":"a","knob":"b"}]})",
            "/set/1/knob: given twice"},
        Bad{"UnknownKnob", R"({"set":[{"knob":"memory.maximum","value":1}]})",
            "/set/0/knob: there is no knob"},
        Bad{"NoKnob", R"({"set":[{"value":1}]})", "/set/0: has no \"knob\""},
        Bad{"NoValue", R"({"set":[{"knob":"pids"}]})", "/set/0: has no \"value\""},
        Bad{"NullValue", R"({"set":[{"knob":"pids","value":null}]})", "/set/0/value: not a value"},
        Bad{"Negative", R"({"set":[{"knob":"pids","value":-1}]})", "/set/0/value"},
        Bad{"HalfAPid", R"({"set":[{"knob":"pids","value":1.5}]})", "/set/0/value"},
        Bad{"BoolForBytes", R"({"set":[{"knob":"memory","value":true}]})", "/set/0/value: not a"},
        Bad{"CpusForBytes", R"({"set":[{"knob":"memory","value":{"cpus":1}}]})", "/set/0/value"},
        Bad{"BothCpuUnits", R"({"set":[{"knob":"cpus","value":{"cpus":1,"microseconds":2}}]})",
            "needs one of"},
        Bad{"DetailMissing", R"({"set":[{"knob":"io.rbps","value":1048576}]})", "/set/0/value"},
        Bad{"DetailInValue", R"({"set":[{"knob":"io.rbps","value":"8:0=1M"}]})",
            "goes into \"detail\""},
        Bad{"DetailTooMuch", R"({"set":[{"knob":"pids","detail":"8:0","value":1}]})", "/set/0"},
        Bad{"KnobTwice", R"({"set":[{"knob":"pids","value":1}],"unset":[{"knob":"pids.max"}]})",
            "/unset/0: pids.max is asked for twice"},
        Bad{"UnsetWithValue", R"({"unset":[{"knob":"pids","value":1}]})", "/unset/0/value"},
        Bad{"RestoreAndSet", R"({"restore":"all","set":[{"knob":"pids","value":1}]})",
            "/restore: goes by itself"},
        Bad{"RestoreWord", R"({"restore":"everything"})", "/restore: \"all\""},
        Bad{"RestoreWithLease", R"({"restore":"all","for":"1m"})", "/for"},
        Bad{"NoTime", R"({"unset":[{"knob":"pids"}],"for":"soon"})", "/for: not a time"},
        Bad{"NumberForTime", R"({"unset":[{"knob":"pids"}],"for":60})", "/for: not a string"},
        Bad{"NoLength", R"({"unset":[{"knob":"pids"}],"for":"0s"})", "/for: must be longer"},
        Bad{"TooLong", R"({"unset":[{"knob":"pids"}],"deadline":"2h"})", "/deadline: must be"},
        Bad{"NumberForFlag", R"({"unset":[{"knob":"pids"}],"force":1})", "/force: not true"},
        Bad{"TooDeep", R"({"set":[[[[[[[[[[1]]]]]]]]]]})", "nested too deep"},
        Bad{"TooLongABody", std::string(kMostRequestBytes + 1, ' '), "longer than"}),
    [](const auto& bad) { return std::string(bad.param.name); });

}  // namespace
}  // namespace plimsoll::control
