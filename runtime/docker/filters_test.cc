#include "runtime/docker/filters.h"

#include <gmock/gmock.h>

namespace plimsoll::docker {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

TEST(Filters, ReadsWhatTheCommandLineSendsAndWhatOthersSend) {
  for (const char* text :
       {R"({"label":{"a=b":true,"c":true,"d":false}})", R"({"label":["a=b","c"]})"}) {
    const auto filters = Filters::parse(text, {"label", "name"});
    ASSERT_TRUE(filters) << text;
    EXPECT_THAT(filters->values("label"), UnorderedElementsAre("a=b", "c"));
    EXPECT_FALSE(filters->has("name"));
    EXPECT_TRUE(filters->admits_labels("label", {{"a", "b"}, {"c", ""}, {"x", "y"}}));
    EXPECT_FALSE(filters->admits_labels("label", {{"a", "c"}, {"c", ""}}));
    EXPECT_FALSE(filters->admits_labels("label", {{"a", "b"}}));
  }
  for (const char* text : {"", "{}", "null"}) EXPECT_TRUE(Filters::parse(text, {})) << text;
}

TEST(Filters, AdmitEverythingWithoutSuchAFilter) {
  const auto filters = Filters::parse(R"({"name":["web"]})", {"name", "id"});
  ASSERT_TRUE(filters);
  EXPECT_TRUE(filters->admits("id", "x"));
  EXPECT_TRUE(filters->admits("name", "web"));
  EXPECT_FALSE(filters->admits("name", "web2"));
  EXPECT_TRUE(filters->admits_beginning("name", "web2"));
  EXPECT_FALSE(filters->admits_beginning("name", "my-web"));
  EXPECT_TRUE(filters->admits_part("name", "my-web2"));
  EXPECT_FALSE(filters->admits_part("name", "db"));
}

TEST(Filters, RefuseWhatNobodyKnows) {
  const auto unknown = Filters::parse(R"({"color":["red"]})", {"label"});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().why, model::Refused::kInvalid);
  EXPECT_EQ(unknown.error().message, "invalid filter 'color'");
  for (const char* text : {"x", "[]", R"({"label":1})", R"({"label":[1]})",
                           R"({"label":{"a":"b"}})", R"({"label":)"}) {
    const auto broken = Filters::parse(text, {"label"});
    ASSERT_FALSE(broken) << text;
    EXPECT_THAT(broken.error().message, HasSubstr("invalid filters")) << text;
  }
}

TEST(Filters, KnowYesAndNo) {
  const auto parse = [](const char* text) { return *Filters::parse(text, {"dangling"}); };
  EXPECT_EQ(*parse(R"({"dangling":["1"]})").flag("dangling"), true);
  EXPECT_EQ(*parse(R"({"dangling":{"false":true}})").flag("dangling"), false);
  EXPECT_EQ(*parse("{}").flag("dangling"), std::nullopt);
  EXPECT_FALSE(parse(R"({"dangling":["maybe"]})").flag("dangling"));
  EXPECT_FALSE(parse(R"({"dangling":["1","0"]})").flag("dangling"));
}

}  // namespace
}  // namespace plimsoll::docker
