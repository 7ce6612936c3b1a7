#include "agent/limit/request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>

#include "agent/limit/typed_flags.h"

namespace plimsoll::agent {
namespace {

using limit::Knob;
using ::testing::HasSubstr;

const LimitFlag& flag_named(std::string_view name) {
  for (const LimitFlag& flag : limit_flags())
    if (("," + std::string(flag.names) + ",").find("," + std::string(name) + ",") !=
        std::string::npos)
      return flag;
  ADD_FAILURE() << "no flag " << name;
  return limit_flags().front();
}

Result<std::string> fake_disk(const std::string& path) {
  if (path == "/dev/sda") return "8:0";
  return os_failure("stat", path, ENOENT);
}

using Words = std::vector<std::pair<const char*, const char*>>;  // Null: the name alone.

Result<LimitWishes> parse(Verb verb, const Words& words, const RequestOptions& options = {}) {
  std::vector<TypedFlag> typed;
  for (const auto& [name, value] : words)
    typed.push_back(
        {&flag_named(name), value == nullptr ? std::nullopt : std::optional<std::string>(value)});
  return parse_wishes(verb, typed, options, fake_disk);
}

std::string body(Verb verb, const Words& words, const RequestOptions& options = {}) {
  const auto wishes = parse(verb, words, options);
  EXPECT_TRUE(wishes) << wishes.error().message();
  return wishes ? to_json(*wishes) : "";
}

std::string why_not(Verb verb, const Words& words, const RequestOptions& options = {}) {
  const auto wishes = parse(verb, words, options);
  EXPECT_FALSE(wishes);
  if (wishes) return "";
  EXPECT_EQ(wishes.error().kind, ErrorKind::kInvalidInput);
  return std::string(wishes.error().op) + ": " + wishes.error().subject;
}

TEST(LimitFlags, EveryKnobHasOneAndNoNameIsTwice) {
  std::set<Knob> knobs;
  std::set<std::string, std::less<>> names;
  for (const LimitFlag& flag : limit_flags()) {
    knobs.insert(flag.knob);
    std::string_view rest = flag.names;
    while (!rest.empty()) {
      const std::string_view name = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(name.size() + 1, rest.size()));
      EXPECT_TRUE(names.emplace(name).second) << name;
    }
    EXPECT_TRUE(main_name(flag).starts_with("--"));
    EXPECT_THAT(help_of(flag), HasSubstr("[" + std::string(limit::name_of(flag.knob)) + "]"));
  }
  EXPECT_EQ(knobs.size(), limit::kKnobCount);
}

// The end of docs/limit-guide.md. To write it again after a change of the table: run this test with
// PLIMSOLL_WRITE_DOCS=1.
TEST(LimitFlags, AreInTheGuide) {
  const char* path = PLIMSOLL_SOURCE_DIR "/docs/limit-guide.md";
  const auto read = [&] {
    std::ifstream file(path, std::ios::binary);
    return std::string{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  };
  const std::string table = flags_markdown();
  std::string text = read();
  if (::getenv("PLIMSOLL_WRITE_DOCS") != nullptr) {  // NOLINT(concurrency-mt-unsafe)
    text = text.substr(0, text.find("| flag |")) + table;
    std::ofstream(path) << text;
  }
  EXPECT_TRUE(read().ends_with("\n" + table)) << "write it again, as said above";
}

TEST(LimitRequest, SetSaysKnobsAndValues) {
  EXPECT_EQ(body(Verb::kSet, {{"--memory", "64M"}, {"--cpus", "0.25"}, {"--pids", "100"}}),
            R"({"set":[{"knob":"memory.max","value":"64M"},{"knob":"cpu.quota","value":"0.25"},)"
            R"({"knob":"pids.max","value":"100"}]})");
  EXPECT_EQ(
      body(Verb::kSet, {{"--freeze", nullptr}, {"--oom-group", "off"}}),
      R"({"set":[{"knob":"freeze","value":"on"},{"knob":"memory.oom_group","value":"off"}]})");
}

TEST(LimitRequest, DockersWaysToSayIt) {
  EXPECT_THAT(body(Verb::kSet, {{"--cpu-quota", "25000"}}), HasSubstr(R"("value":"25000us")"));
  EXPECT_THAT(body(Verb::kSet, {{"--cpu-quota", "-1"}}), HasSubstr(R"("value":"max")"));
  EXPECT_THAT(body(Verb::kSet, {{"--pids-limit", "-1"}}), HasSubstr(R"("value":"max")"));
  EXPECT_THAT(body(Verb::kSet, {{"--memory-swap", "-1"}}),
              HasSubstr(R"({"knob":"memory.swap","value":"max"})"));
  EXPECT_THAT(body(Verb::kSet, {{"--memory-reservation", "10m"}}), HasSubstr("memory.low"));
  EXPECT_THAT(body(Verb::kSet, {{"--cpus", "max"}}), HasSubstr(R"("value":"max")"));
}

TEST(LimitRequest, DisksByNumberAndByNode) {
  EXPECT_EQ(body(Verb::kSet, {{"--io-rbps", "/dev/sda=10M"}, {"--io-rbps", "08:016=5M"}}),
            R"({"set":[{"knob":"io.rbps","detail":"8:0","value":"10M"},)"
            R"({"knob":"io.rbps","detail":"8:16","value":"5M"}]})");
  EXPECT_EQ(body(Verb::kSet, {{"--io-weight", "200"}, {"--hugetlb", "2MB=64M"}}),
            R"({"set":[{"knob":"io.weight","value":"200"},)"
            R"({"knob":"hugetlb.max","detail":"2MB","value":"64M"}]})");
  EXPECT_EQ(body(Verb::kSet, {{"--io-cost-qos", "8:0=enable=1 rpct=95"}}),
            R"({"set":[{"knob":"io.cost.qos","detail":"8:0","value":"enable=1 rpct=95"}]})");
  EXPECT_FALSE(parse(Verb::kSet, {{"--io-rbps", "/dev/none=1M"}}));
}

TEST(LimitRequest, UnsetAndRestoreTakeNames) {
  EXPECT_EQ(body(Verb::kUnset, {{"--memory", nullptr}, {"--cpus", nullptr}}),
            R"({"unset":[{"knob":"memory.max"},{"knob":"cpu.quota"}]})");
  EXPECT_EQ(body(Verb::kUnset, {{"--io-rbps", "8:16,/dev/sda"}}),
            R"({"unset":[{"knob":"io.rbps","detail":"8:16"},{"knob":"io.rbps","detail":"8:0"}]})");
  EXPECT_EQ(body(Verb::kUnset, {{"--io-weight", nullptr}}), R"({"unset":[{"knob":"io.weight"}]})");
  EXPECT_EQ(body(Verb::kRestore, {}), R"({"restore":"all"})");
  EXPECT_EQ(body(Verb::kRestore, {{"--memory", nullptr}}),
            R"({"restore":[{"knob":"memory.max"}]})");
}

TEST(LimitRequest, OptionsOfTheChange) {
  EXPECT_EQ(body(Verb::kSet, {{"--pids", "5"}},
                 {.lease = "10m",
                  .deadline = "5s",
                  .dry_run = true,
                  .force = true,
                  .accept_direct_io = true}),
            R"({"set":[{"knob":"pids.max","value":"5"}],"for":"10m","deadline":"5s",)"
            R"("dry_run":true,"force":true,"accept_direct_io":true})");
}

TEST(LimitRequest, SaysWhichFlagAndWhatToGive) {
  EXPECT_THAT(why_not(Verb::kSet, {}), HasSubstr("--memory 64M"));
  EXPECT_THAT(why_not(Verb::kUnset, {}), HasSubstr("say what to unset"));
  EXPECT_THAT(why_not(Verb::kSet, {{"--memory", "much"}}), HasSubstr("--memory: "));
  EXPECT_THAT(why_not(Verb::kSet, {{"--memory", ""}}), HasSubstr("--memory: "));
  EXPECT_THAT(why_not(Verb::kSet, {{"--io-rbps", "10M"}}), HasSubstr("--io-rbps: "));
  EXPECT_THAT(why_not(Verb::kSet, {{"--io-rbps", "x=10M"}}), HasSubstr("--io-rbps: "));
  EXPECT_THAT(why_not(Verb::kSet, {{"--cpus", "0.5"}, {"--cpu-quota", "1000"}}),
              HasSubstr("cpu.quota is asked for twice"));
  EXPECT_THAT(why_not(Verb::kSet, {{"--pids", "5"}}, {.lease = "soon"}), HasSubstr("--for: "));
  EXPECT_THAT(why_not(Verb::kSet, {{"--pids", "5"}}, {.deadline = "0s"}),
              HasSubstr("--deadline: "));
  EXPECT_THAT(why_not(Verb::kRestore, {}, {.lease = "1m"}), HasSubstr("--for: "));
  EXPECT_THAT(why_not(Verb::kSet, {{"--memory-swap", "50%"}}), HasSubstr("--memory-swap: "));
}

LimitWishes swap_wishes(const Words& words) {
  auto wishes = parse(Verb::kSet, words);
  EXPECT_TRUE(wishes && wishes->needs_current());
  return *std::move(wishes);
}

TEST(LimitRequest, MemoryAndSwapTogetherIsDockers) {
  const std::vector<Current> limited = {{Knob::kMemoryMax, "", 100U << 20, true}};
  auto wishes = completed(swap_wishes({{"--memory-swap", "150M"}}), limited);
  ASSERT_TRUE(wishes) << wishes.error().message();
  EXPECT_EQ(wishes->asked[0].value, "52428800");
  // The memory of the same request counts, not what holds now.
  wishes = completed(swap_wishes({{"--memory", "1G"}, {"--memory-swap", "1G"}}), limited);
  ASSERT_TRUE(wishes);
  EXPECT_EQ(wishes->asked[1].value, "0");
  EXPECT_FALSE(wishes->needs_current());
  const auto too_little = completed(swap_wishes({{"--memory-swap", "50M"}}), limited);
  ASSERT_FALSE(too_little);
  EXPECT_THAT(too_little.error().subject, HasSubstr("104857600"));
  const auto unlimited = completed(swap_wishes({{"--memory-swap", "50M"}}), {});
  ASSERT_FALSE(unlimited);
  EXPECT_THAT(unlimited.error().subject, HasSubstr("--swap"));
}

TEST(LimitRequest, EveryDiskThatHasALimit) {
  const std::vector<Current> now = {{Knob::kIoRbps, "8:0", 1000, true},
                                    {Knob::kIoRbps, "8:16", std::nullopt, false},
                                    {Knob::kIoRbps, "8:32", 5, true},
                                    {Knob::kIoWbps, "8:0", 5, true}};
  auto wishes = parse(Verb::kUnset, {{"--io-rbps", nullptr}});
  ASSERT_TRUE(wishes && wishes->needs_current());
  const auto all = completed(*wishes, now);
  ASSERT_TRUE(all);
  EXPECT_EQ(to_json(*all), R"({"unset":[{"knob":"io.rbps","detail":"8:0"},)"
                           R"({"knob":"io.rbps","detail":"8:32"}]})");
  EXPECT_FALSE(completed(*wishes, {}));
}

TEST(PercentEncoded, LeavesOnlyPlainLetters) {
  EXPECT_EQ(percent_encoded("web-1_a.b~"), "web-1_a.b~");
  EXPECT_EQ(percent_encoded("cgroup:/a b\xff"), "cgroup%3A%2Fa%20b%FF");
}

TEST(TypedFlags, AreOptionsInBothForms) {
  TypedFlags values(TypedFlags::Form::kValues);
  std::vector<Option> options;
  values.add_to(options);
  EXPECT_EQ(options.size(), limit_flags().size());
  EXPECT_TRUE(values.typed().empty());
  for (const Option& option : options) {
    if (option.names.find("--pids") != std::string::npos)
      *std::get<std::optional<std::string>*>(option.target) = "5";
    if (option.names == "--freeze") std::get<OptionalValue*>(option.target)->text = "true";
    if (option.names == "--io-rbps")
      *std::get<std::vector<std::string>*>(option.target) = {"8:0=1", "8:16=2"};
  }
  const auto typed = values.typed();
  ASSERT_EQ(typed.size(), 4U);
  EXPECT_EQ(typed[0].value, "8:0=1");
  EXPECT_EQ(typed[2].value, "5");
  EXPECT_EQ(typed[3].value, std::nullopt);  // --freeze alone.

  TypedFlags names(TypedFlags::Form::kNames);
  std::vector<Option> named;
  names.add_to(named);
  for (const Option& option : named)
    if (option.names.starts_with("-m,")) *std::get<bool*>(option.target) = true;
  ASSERT_EQ(names.typed().size(), 1U);
  EXPECT_EQ(names.typed()[0].flag->knob, Knob::kMemoryMax);
}

}  // namespace
}  // namespace plimsoll::agent
