#include "exporter/metrics/negotiate.h"

#include <gtest/gtest.h>

#include <string>

#include "exporter/metrics/header_list.h"

namespace plimsoll::exporter {
namespace {

struct AcceptCase {
  const char* name;
  const char* header;
  std::optional<Format> expected;
};
class Accept : public ::testing::TestWithParam<AcceptCase> {};

TEST_P(Accept, ChoosesTheFormat) {
  EXPECT_EQ(choose_format(GetParam().header), GetParam().expected);
}

constexpr auto kNone = std::optional<Format>();
constexpr const char* kProto =
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

INSTANTIATE_TEST_SUITE_P(
    , Accept,
    ::testing::Values(
        AcceptCase{"Nothing", "", Format::kText}, AcceptCase{"Curl", "*/*", Format::kText},
        AcceptCase{"Browser",
                   "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8",
                   Format::kText},
        // What Prometheus sends: 2.42, the same with native histograms, and 3.0.
        AcceptCase{"Prometheus",
                   "application/openmetrics-text;version=1.0.0,"
                   "application/openmetrics-text;version=0.0.1;q=0.75,"
                   "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                   Format::kOpenMetrics},
        AcceptCase{"PrometheusWithNativeHistograms",
                   "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
                   "encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8,"
                   "application/openmetrics-text;version=0.0.1;q=0.75,"
                   "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                   Format::kProtobuf},
        AcceptCase{"PrometheusThree",
                   "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
                   "application/openmetrics-text;version=0.0.1;q=0.5,"
                   "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
                   "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
                   Format::kOpenMetrics},
        AcceptCase{"OldOpenMetricsOnlyIsNotOurs",
                   "application/openmetrics-text;version=0.0.1,text/plain;version=0.0.4;q=0.5",
                   Format::kText},
        AcceptCase{"WithoutVersion", "application/openmetrics-text", Format::kOpenMetrics},
        AcceptCase{"CaseAndQuotes", "Text/PLAIN; VERSION=\"0.0.4\"; charset=UTF-8", Format::kText},
        AcceptCase{"FirstOfEquals", "application/openmetrics-text, text/plain",
                   Format::kOpenMetrics},
        AcceptCase{"FirstOfEqualsTurned", "text/plain, application/openmetrics-text",
                   Format::kText},
        AcceptCase{"NamedBeforeWildcard", "*/*, application/openmetrics-text",
                   Format::kOpenMetrics},
        AcceptCase{"HalfWildcard", "application/*", Format::kOpenMetrics},
        AcceptCase{"ExactRangeDecides", "text/*;q=1, text/plain;q=0, application/*;q=0.1",
                   Format::kOpenMetrics},
        AcceptCase{"ProtobufNeedsItsSchema", "application/vnd.google.protobuf, text/plain;q=0.1",
                   Format::kText},
        AcceptCase{"TextualProtobufIsNotOurs",
                   "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
                   "encoding=text,*/*;q=0.1",
                   Format::kText},
        AcceptCase{"Protobuf", kProto, Format::kProtobuf},
        AcceptCase{"Refused", "text/plain;q=0", kNone}, AcceptCase{"AllRefused", "*/*;q=0", kNone},
        AcceptCase{"SomethingElse", "image/png", kNone},
        AcceptCase{"Tomorrow", "application/openmetrics-text;version=2.0.0", kNone},
        AcceptCase{"BrokenElementsCountAsNotSent", "text/plain;q=2, ;;, \"x, , */*;q=0.2",
                   Format::kText},
        AcceptCase{"OnlyBrokenIsNoHeader", ";;;q=", Format::kText},
        AcceptCase{"ExtensionsBehindQ", "application/openmetrics-text;q=0.5;x=y, text/plain;q=0.4",
                   Format::kOpenMetrics}),
    [](const auto& p) { return std::string(p.param.name); });

struct CodingCase {
  const char* name;
  const char* header;
  std::optional<Coding> expected;
};
class AcceptEncoding : public ::testing::TestWithParam<CodingCase> {};

TEST_P(AcceptEncoding, ChoosesTheCoding) {
  EXPECT_EQ(choose_coding(GetParam().header), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    , AcceptEncoding,
    ::testing::Values(CodingCase{"Nothing", "", Coding::kIdentity},
                      CodingCase{"Gzip", "gzip", Coding::kGzip},
                      CodingCase{"OldName", "x-gzip", Coding::kGzip},
                      CodingCase{"Case", "GZip", Coding::kGzip},
                      CodingCase{"Browser", "gzip, deflate, br, zstd", Coding::kGzip},
                      CodingCase{"Star", "*", Coding::kGzip},
                      CodingCase{"GzipRefused", "gzip;q=0", Coding::kIdentity},
                      CodingCase{"GzipRefusedStar", "gzip;q=0, *", Coding::kIdentity},
                      CodingCase{"OthersOnly", "br, deflate", Coding::kIdentity},
                      CodingCase{"IdentityLikedMore", "gzip;q=0.5, identity", Coding::kIdentity},
                      CodingCase{"GzipLikedAsMuch", "gzip, identity", Coding::kGzip},
                      CodingCase{"IdentityRefused", "identity;q=0, gzip;q=0.1", Coding::kGzip},
                      CodingCase{"StarRefusedButGzip", "gzip;q=0.1, *;q=0", Coding::kGzip},
                      CodingCase{"StarRefusedButIdentity", "identity, *;q=0", Coding::kIdentity},
                      CodingCase{"AllRefused", "*;q=0", std::nullopt},
                      CodingCase{"BothRefused", "identity;q=0, gzip;q=0", std::nullopt},
                      CodingCase{"OnlyUnknown", "br, identity;q=0", std::nullopt}),
    [](const auto& p) { return std::string(p.param.name); });

TEST(HeaderList, TakesQuotedSeparatorsAndSpacesApart) {
  const auto list = parse_header_list("a/b ; x=\"1, \\\"2;\" ; y=z;q=0.5 , c");
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].value, "a/b");
  ASSERT_EQ(list[0].parameters.size(), 2U);
  EXPECT_EQ(list[0].parameters[0].value, "1, \\\"2;");
  EXPECT_EQ(list[0].parameters[1].name, "y");
  EXPECT_EQ(list[0].q, 0.5);
  EXPECT_EQ(list[1].value, "c");
  EXPECT_EQ(list[1].q, 1);
}

TEST(HeaderList, WeightsHaveThreeDigitsAndEndAtOne) {
  for (const char* good : {"0", "1", "0.", "0.1", "0.123", "1.0", "1.000"})
    EXPECT_EQ(parse_header_list("a;q=" + std::string(good)).size(), 1U) << good;
  for (const char* bad : {"", "2", "1.001", "0.1234", "-0", "+1", "0,5", "1e0", ".5", "nan", "q"})
    EXPECT_TRUE(parse_header_list("a;q=" + std::string(bad)).empty() || std::string(bad) == "0,5")
        << bad;
}

}  // namespace
}  // namespace plimsoll::exporter
