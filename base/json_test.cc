#include "base/json.h"

#include <gtest/gtest.h>

#include <string>

namespace plimsoll {
namespace {

using json::Type;

TEST(Json, ReadsEveryTypeAndKeepsTheOrder) {
  const std::string text = R"( {"b": [1, -2.5e+3, true, false, null], "a": {"": "x"}, "c": []} )";
  const auto document = json::parse(text);
  ASSERT_TRUE(document) << document.error().message();
  const json::Value& root = document->root;
  ASSERT_EQ(root.members.size(), 3U);
  EXPECT_EQ(root.members[0].key, "b");
  const auto& list = root.members[0].value.members;
  ASSERT_EQ(list.size(), 5U);
  EXPECT_EQ(list[0].value.text, "1");
  EXPECT_EQ(list[1].value.text, "-2.5e+3");
  EXPECT_TRUE(list[2].value.boolean);
  EXPECT_EQ(list[3].value.type, Type::kBoolean);
  EXPECT_EQ(list[4].value.type, Type::kNull);
  ASSERT_NE(root.find("a"), nullptr);
  EXPECT_EQ(root.find("a")->find("")->text, "x");
  EXPECT_EQ(root.find("d"), nullptr);
  EXPECT_EQ(list[0].value.find("a"), nullptr);
}

TEST(Json, TakesEscapesOut) {
  const std::string text = R"("a\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\ud83d\ude00z")";
  const auto document = json::parse(text);
  ASSERT_TRUE(document) << document.error().message();
  EXPECT_EQ(document->root.text, "a\"\\/\b\f\n\r\tA\u00e9\u20ac\U0001F600z");
}

TEST(Json, WhatIsAppendedReadsBack) {
  const std::string strange = std::string("q\"\\/\n\t\x01\x7f\0z", 10) + "\u00e9\U0001F600";
  std::string text;
  json::append_string(text, strange);
  const auto document = json::parse(text);
  ASSERT_TRUE(document) << document.error().message();
  EXPECT_EQ(document->root.text, strange);
  std::string replaced;
  json::append_string(replaced, "a\xff");
  EXPECT_EQ(replaced, "\"a\uFFFD\"");
}

TEST(Json, BoundsAreKept) {
  EXPECT_TRUE(json::parse("[[[]]]", {.depth = 3}));
  const auto deep = json::parse("[[[]]]", {.depth = 2});
  ASSERT_FALSE(deep);
  EXPECT_EQ(deep.error().subject, "line 1, column 3: nested too deeply");
  EXPECT_TRUE(json::parse("[[],[],[]]", {.depth = 2}));  // Siblings are not depth.
  EXPECT_FALSE(json::parse("1234", {.bytes = 3}));
  EXPECT_FALSE(json::parse(std::string(1000, '[')));
}

struct Bad {
  const char* name;
  std::string text;
  const char* subject;
};
class JsonRefuses : public ::testing::TestWithParam<Bad> {};

TEST_P(JsonRefuses, WithLineAndColumn) {
  const auto document = json::parse(GetParam().text);
  ASSERT_FALSE(document);
  EXPECT_EQ(document.error().kind, ErrorKind::kInvalidInput);
  EXPECT_EQ(document.error().subject, GetParam().subject);
}

INSTANTIATE_TEST_SUITE_P(
    , JsonRefuses,
    ::testing::Values(Bad{"Empty", "", "line 1, column 1: expected a value"},
                      Bad{"Blank", " \n ", "line 2, column 2: expected a value"},
                      Bad{"Twice", R"({"a":1, "b":2, "a":1})",
                          "line 1, column 22: the object that ends here has \"a\" twice"},
                      Bad{"TwiceByEscape", R"({"a":1,"\u0061":2})",
                          "line 1, column 19: the object that ends here has \"a\" twice"},
                      Bad{"Trailing", "{}x", "line 1, column 3: expected the end"},
                      Bad{"TrailingComma", "[1,]", "line 1, column 4: expected a value"},
                      Bad{"TrailingCommaInObject", R"({"a":1,})",
                          "line 1, column 8: expected a property's name in quotes"},
                      Bad{"NoColon", R"({"a" 1})", "line 1, column 6: expected ':'"},
                      Bad{"NoComma", "[1\n2]", "line 2, column 1: expected ',' or ']'"},
                      Bad{"Torn", R"({"a":)", "line 1, column 6: expected a value"},
                      Bad{"LeadingZero", "[01]", "line 1, column 3: expected ',' or ']'"},
                      Bad{"Plus", "+1", "line 1, column 1: expected a value"},
                      Bad{"NoFraction", "1.", "line 1, column 3: expected a digit"},
                      Bad{"NoExponent", "1e", "line 1, column 3: expected a digit"},
                      Bad{"Word", "nul", "line 1, column 1: expected a value"},
                      Bad{"Control", "\"a\nb\"", "line 1, column 3: a control character"},
                      Bad{"OpenString", "\"abc", "line 1, column 5: a string without end"},
                      Bad{"OpenEscape", "\"abc\\", "line 1, column 6: an unknown escape"},
                      Bad{"BadEscape", R"("\x")", "line 1, column 4: an unknown escape"},
                      Bad{"ShortUnicode", R"("\u12")",
                          "line 1, column 6: expected four hexadecimal digits"},
                      Bad{"LoneHigh", R"("\ud800x")", "line 1, column 8: half a surrogate pair"},
                      Bad{"LoneLow", R"("\udc00")", "line 1, column 8: half a surrogate pair"},
                      Bad{"Latin1", "\"\xe9\"", "bytes that are not UTF-8"},
                      Bad{"Latin1Early", "\"\xe9 and much more text\"", "bytes that are not UTF-8"},
                      Bad{"Nul", std::string("[1\0]", 4), "line 1, column 3: expected ',' or ']'"}),
    [](const auto& p) { return std::string(p.param.name); });

}  // namespace
}  // namespace plimsoll
