#include "agent/top/figures.h"

#include <gmock/gmock.h>

#include <cmath>
#include <vector>

#include "agent/top/limit_words.h"
#include "agent/top/plain_lines.h"

namespace plimsoll::agent::top {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const double kNan = std::nan("");

TEST(ShortBytes, FitsFiveColumns) {
  EXPECT_EQ(short_bytes(0), "0");
  EXPECT_EQ(short_bytes(0.4), "0");
  EXPECT_EQ(short_bytes(999), "999B");
  EXPECT_EQ(short_bytes(1000), "1.0K");
  EXPECT_EQ(short_bytes(1536), "1.5K");
  EXPECT_EQ(short_bytes(1023 * 1024), "1.0M");
  EXPECT_EQ(short_bytes(202.3 * 1024 * 1024), "202M");
  EXPECT_EQ(short_bytes(23.54 * 1024 * 1024 * 1024), "23.5G");
  EXPECT_EQ(short_bytes(kNan), "-");
  for (double bytes = 1; bytes < 1e19; bytes *= 1.7) EXPECT_LE(short_bytes(bytes).size(), 5U);
}

TEST(ShortPercent, FitsFiveColumns) {
  EXPECT_EQ(short_percent(0), "0.0");
  EXPECT_EQ(short_percent(99.95), "100.0");
  EXPECT_EQ(short_percent(999.96), "1000");
  EXPECT_EQ(short_percent(kNan), "-");
}

TEST(Sparkline, HasEightHeights) {
  const std::vector<double> values = {0, 0.125, 0.25, 0.5, 0.75, 0.875, 1, 5};
  EXPECT_EQ(sparkline(values, 1, 8, Glyphs::kUtf8), "▁▁▂▄▆▇██");
  EXPECT_EQ(sparkline(values, 1, 8, Glyphs::kAscii), "__.:+*##");
}

TEST(Sparkline, AbsentIsBlankAndTheNewestIsOnTheRight) {
  const std::vector<double> values = {1, kNan, 0};
  EXPECT_EQ(sparkline(values, 1, 5, Glyphs::kAscii), "  # _");
  EXPECT_EQ(sparkline(values, 1, 2, Glyphs::kAscii), " _");
  EXPECT_EQ(sparkline(values, 0, 3, Glyphs::kAscii), "_ _");  // No top: nothing stands out.
}

TEST(Squeeze, KeepsTheGreatestAndWhatWasTogether) {
  const std::vector<double> values = {1, 5, 2, 3};
  EXPECT_THAT(squeeze(values, 0, 2, 10), ElementsAre(5, 3));
  // One sample later the pairs are the same ones.
  const std::vector<double> later = {5, 2, 3, 9};
  EXPECT_THAT(squeeze(later, 1, 2, 10), ElementsAre(5, 3, 9));
  EXPECT_THAT(squeeze(later, 1, 2, 2), ElementsAre(3, 9));
  EXPECT_TRUE(squeeze({}, 7, 2, 2).empty());
}

TEST(PlainLines, LoseColoursAndCommands) {
  EXPECT_THAT(plain_lines("a\033[1;31mred\033[0m\r\n\033]0;title\ab\n\033(Bc\033"),
              ElementsAre("ared", "b", "Bc"));
  EXPECT_THAT(plain_lines("a\tb\n\nc"), ElementsAre("a       b", "", "c"));
  EXPECT_EQ(plain_lines(std::string(10000, 'x')).front().size(), kLongestLine);
}

TEST(Wrapped, GoesOnInTheNextLine) {
  EXPECT_THAT(wrapped({"", "short", "one two three four"}, 12),
              ElementsAre("", "short", "one two", "    three", "    four"));
  EXPECT_THAT(wrapped({"0123456789abcdef"}, 12), ElementsAre("0123456789ab", "    cdef"));
  EXPECT_THAT(wrapped({"abc"}, 1), ElementsAre("a", "b", "c"));
  EXPECT_THAT(wrapped({"漢字"}, 1), ElementsAre("漢", "字"));
}

TEST(LogsCommand, NamesTheRuntimesOwn) {
  EXPECT_EQ(logs_command_of("docker", "web", "0123456789abcdef"), "docker logs --tail 100 web");
  EXPECT_EQ(logs_command_of("crio", "web", "0123456789abcdef"),
            "crictl logs --tail 100 0123456789ab");
  EXPECT_EQ(logs_command_of("cgroup", "web", ""), "");
  EXPECT_EQ(logs_command_of("docker", "web; reboot", "0123456789abcdef"), "");
}

TEST(LimitWords, AreTheFlagsWithoutDashes) {
  const auto wishes = parse_limit_words("memory=64M  --cpus=0.5 pids-limit=100 for=10m force");
  ASSERT_TRUE(wishes) << wishes.error().message();
  ASSERT_EQ(wishes->asked.size(), 3U);
  EXPECT_EQ(wishes->asked[0].knob, limit::Knob::kMemoryMax);
  EXPECT_EQ(wishes->asked[0].value, "64M");
  EXPECT_EQ(wishes->asked[1].knob, limit::Knob::kCpuQuota);
  EXPECT_EQ(wishes->asked[2].knob, limit::Knob::kPidsMax);
  EXPECT_EQ(wishes->options.lease, "10m");
  EXPECT_TRUE(wishes->options.force);
  EXPECT_FALSE(wishes->options.dry_run);
}

TEST(LimitWords, TakeADisksNumber) {
  const auto wishes = parse_limit_words("io-rbps=8:0=10M");
  ASSERT_TRUE(wishes) << wishes.error().message();
  EXPECT_EQ(wishes->asked[0].detail, "8:0");
  EXPECT_EQ(wishes->asked[0].value, "10M");
}

TEST(LimitWords, SayWhatIsWrong) {
  EXPECT_THAT(parse_limit_words("").error().subject, HasSubstr("memory=64M"));
  EXPECT_THAT(parse_limit_words("memroy=64M").error().subject, HasSubstr("'memroy'"));
  EXPECT_THAT(parse_limit_words("memory=64Q").error().subject, HasSubstr("64Q"));
  EXPECT_THAT(parse_limit_words("memory").error().subject, HasSubstr("value"));
  EXPECT_THAT(parse_limit_words("memory=64M for=soon").error().subject, HasSubstr("soon"));
  EXPECT_THAT(parse_limit_words("io-rbps=/dev/sda=1M").error().subject, HasSubstr("8:0"));
}

}  // namespace
}  // namespace plimsoll::agent::top
