#include "exporter/push/exposition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace plimsoll::exporter {
namespace {

using testing::ElementsAre;

SeriesLine one(std::string_view text) {
  const Result<std::optional<SeriesLine>> series = next_series(text);
  EXPECT_TRUE(series) << series.error().message();
  return series && *series ? **series : SeriesLine{};
}

TEST(Exposition, CommentsAndBlankLinesAreNoSeries) {
  std::string_view text = "# HELP a b\n\n# TYPE a counter\na 1\n  \n";
  EXPECT_EQ((*next_series(text))->key, "a");
  EXPECT_FALSE(*next_series(text));
}

TEST(Exposition, ASeriesHasKeyNameLabelsValueAndTimestamp) {
  const SeriesLine series = one("a_total{x=\"1\",y=\"}\"} 2.5e3 1700000000123\n");
  EXPECT_EQ(series.key, "a_total{x=\"1\",y=\"}\"}");
  EXPECT_EQ(series.name, "a_total");
  EXPECT_EQ(series.labels, "x=\"1\",y=\"}\"");
  EXPECT_EQ(series.value, 2500);
  EXPECT_EQ(series.milliseconds, 1700000000123);
}

TEST(Exposition, AQuoteOrBraceInAValueEndsNothing) {
  EXPECT_EQ(one(R"(a{x="\"} 1 \\"} 7)").value, 7);
}

TEST(Exposition, SpecialValues) {
  EXPECT_EQ(one("a +Inf").value, INFINITY);
  EXPECT_EQ(one("a -Inf").value, -INFINITY);
  EXPECT_TRUE(std::isnan(one("a NaN").value));
  EXPECT_FALSE(one("a 1").milliseconds);
}

TEST(Exposition, AMalformedLineIsNamedAndTheNextOneRead) {
  for (const std::string_view bad :
       {"a", "{x=\"1\"} 1", "a{x=\"1\" 1", "a one", "a 1 soon", "a 1x", "a 1 2 3"}) {
    const std::string both = std::string(bad) + "\nb 2\n";
    std::string_view text = both;
    const Result<std::optional<SeriesLine>> first = next_series(text);
    ASSERT_FALSE(first) << bad;
    EXPECT_EQ(first.error().kind, ErrorKind::kMalformed);
    EXPECT_EQ(first.error().subject, bad);
    EXPECT_EQ((*next_series(text))->name, "b");
  }
}

TEST(Exposition, LabelsAreUnescapedAndEmptyOnesLeftOut) {
  std::vector<PushLabel> labels;
  ASSERT_TRUE(append_labels(R"(a="x\\y\"z\n", b="",c="d",)", labels));
  EXPECT_THAT(labels, ElementsAre(PushLabel{"a", "x\\y\"z\n"}, PushLabel{"c", "d"}));
}

TEST(Exposition, MalformedLabelsAreRefused) {
  for (const std::string_view bad :
       {"a", "a=", "a=b", R"(a="b)", R"(="b")", R"(a="\x")", R"(a="b"c="d")", R"(a="b\)"}) {
    std::vector<PushLabel> labels;
    EXPECT_FALSE(append_labels(bad, labels)) << bad;
  }
}

}  // namespace
}  // namespace plimsoll::exporter
