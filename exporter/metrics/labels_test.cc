#include "exporter/metrics/labels.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/text.h"
#include "exporter/metrics/test_exposition.h"
#include "exporter/metrics/text.h"

namespace plimsoll::exporter {
namespace {

using inventory::Identity;
using inventory::Runtime;

std::string value(std::string_view text) {
  std::string out;
  append_label_value(out, text);
  return out;
}

std::string render(const Identity& identity, const LabelOptions& options = {},
                   std::uint64_t expected_collisions = 0) {
  std::uint64_t collisions = 0;
  std::string out = render_labels(identity, options, collisions);
  EXPECT_EQ(collisions, expected_collisions);
  return out;
}

struct ValueCase {
  const char* name;
  std::string_view raw;
  std::string_view escaped;
};

class LabelValue : public ::testing::TestWithParam<ValueCase> {};

TEST_P(LabelValue, IsEscapedAndValid) {
  EXPECT_EQ(value(GetParam().raw), GetParam().escaped);
}

INSTANTIATE_TEST_SUITE_P(
    , LabelValue,
    ::testing::Values(ValueCase{"Plain", "nginx:1.25", "nginx:1.25"}, ValueCase{"Empty", "", ""},
                      ValueCase{"Quote", "a\"b", "a\\\"b"},
                      ValueCase{"Backslash", "a\\nb\\", "a\\\\nb\\\\"},
                      ValueCase{"Newline", "a\nb\n", "a\\nb\\n"},
                      ValueCase{"Injection", "x\"} 1\nevil{a=\"b", "x\\\"} 1\\nevil{a=\\\"b"},
                      ValueCase{"Carriage", "a\rb\t", "a\rb\t"}, ValueCase{"Utf8", "café", "café"},
                      ValueCase{"FourBytes", "\xF0\x9F\x90\xB3!", "\xF0\x9F\x90\xB3!"},
                      ValueCase{"BadByte", "a\xff",
                                "a\xEF\xBF\xBD"
                                "ff"},
                      ValueCase{"CutSequence", "a\xE2\x82",
                                "a\xEF\xBF\xBD"
                                "e2\xEF\xBF\xBD"
                                "82"},
                      ValueCase{"RealReplacement",
                                "\xEF\xBF\xBD"
                                "ff",
                                "\xEF\xBF\xBD\xEF\xBF\xBD"
                                "ff"},
                      ValueCase{"Surrogate", "\xED\xA0\x80",
                                "\xEF\xBF\xBD"
                                "ed\xEF\xBF\xBD"
                                "a0\xEF\xBF\xBD"
                                "80"}),
    [](const auto& p) { return std::string(p.param.name); });

RC_GTEST_PROP(LabelValues, NeverEndTheirQuotesAndAreUtf8, (std::string raw)) {
  const std::string line = "a=\"" + value(raw) + "\"";
  RC_ASSERT(is_valid_utf8(line));
  RC_ASSERT(line.find('\n') == std::string::npos);
  const auto parsed = parse_labels(line);
  RC_ASSERT(parsed.has_value());
  RC_ASSERT(parsed->size() == 1U);
  if (is_valid_utf8(raw) && raw.find("\xEF\xBF\xBD") == std::string::npos)
    RC_ASSERT(parsed->at("a") == raw);
}

RC_GTEST_PROP(LabelValues, StayDifferent, ()) {
  // Bytes that meet each other in repairs: a bad byte, its hex digits, a real U+FFFD.
  const auto piece = rc::gen::element<std::string>("\xff", "\xfe", "ff", "fe", "\xEF\xBF\xBD",
                                                   "\xEF\xBF", "\xBD", "\\", "\n", "n", "\"");
  const auto text = rc::gen::map(rc::gen::container<std::vector<std::string>>(piece),
                                 [](const std::vector<std::string>& pieces) {
                                   std::string all;
                                   for (const std::string& p : pieces) all += p;
                                   return all;
                                 });
  const std::string one = *text;
  const std::string other = *text;
  RC_ASSERT((one == other) == (value(one) == value(other)));
}

TEST(Labels, OfABareCgroupAreItsId) {
  Identity identity;
  identity.cgroup = "/system.slice/cron.service";
  EXPECT_EQ(render(identity), "id=\"/system.slice/cron.service\"");
}

TEST(Labels, NameAndImageFollowTheId) {
  Identity identity;
  identity.cgroup = "/docker/5f";
  identity.name = "web";
  identity.image = "nginx";
  identity.labels = {{"team", "a"}};
  identity.restart_count = 2;
  EXPECT_EQ(render(identity), "id=\"/docker/5f\",image=\"nginx\",name=\"web\"");
}

TEST(Labels, AreChosenByRawKey) {
  Identity identity;
  identity.cgroup = "/a";
  identity.labels = {{"app.kubernetes.io/name", "x"}, {"team", "a"}};
  EXPECT_EQ(render(identity, {.allowed_labels = {"app.kubernetes.io/name"}}),
            "container_label_app_kubernetes_io_name=\"x\",id=\"/a\"");
}

TEST(Labels, AllOfThemBringTheRestartCount) {
  Identity identity;
  identity.cgroup = "/a";
  identity.labels = {{"team", "a"}};
  identity.restart_count = 2;
  EXPECT_EQ(render(identity, {.all_container_labels = true}),
            "container_label_team=\"a\",container_label_restartcount=\"2\",id=\"/a\"");
}

TEST(Labels, EnvironmentIsLowerCasedForDockerOnly) {
  Identity identity;
  identity.cgroup = "/a";
  identity.environment = {{"APP_ROLE", "Web"}};
  identity.runtime = Runtime::kDocker;
  EXPECT_EQ(render(identity), "container_env_app_role=\"Web\",id=\"/a\"");
  identity.runtime = Runtime::kContainerd;
  EXPECT_EQ(render(identity), "container_env_APP_ROLE=\"Web\",id=\"/a\"");
}

TEST(Labels, CollidingNamesGetNumbersThatAreFree) {
  Identity identity;
  identity.cgroup = "/a";
  identity.labels = {{"a-b", "1"}, {"a.b", "2"}, {"a/b", "3"}, {"a_b", "4"}, {"a_b_2", "5"}};
  EXPECT_EQ(render(identity, {.all_container_labels = true}, 4),
            "container_label_a_b=\"1\",container_label_a_b_2=\"2\",container_label_a_b_3=\"3\","
            "container_label_a_b_4=\"4\",container_label_a_b_2_2=\"5\",id=\"/a\"");
}

TEST(Labels, LongValuesAreCutBetweenCharacters) {
  Identity identity;
  identity.cgroup = "/a";
  identity.labels = {{"big", std::string(4095, 'x') + "é" + std::string(100, 'y')}};
  const auto labels = parse_labels(render(identity, {.all_container_labels = true}));
  ASSERT_TRUE(labels);
  EXPECT_EQ(labels->at("container_label_big"), std::string(4095, 'x'));
}

// Whatever people write into names, labels and variables, the block parses, holds exactly one label
// per source, and the identifying ones are unharmed.
RC_GTEST_PROP(Labels, CannotBeInjectedInto, ()) {
  const auto hostile = rc::gen::oneOf(
      rc::gen::arbitrary<std::string>(),
      rc::gen::element<std::string>("x\"} 1\nevil{a=\"b", "\\", "\"", "\n", "id", "a=\"b\",c"));
  Identity identity;
  identity.cgroup = "/" + *hostile;
  identity.name = "n" + *hostile;
  identity.image = "i" + *hostile;
  identity.runtime = Runtime::kDocker;
  identity.labels = *rc::gen::container<std::vector<std::pair<std::string, std::string>>>(
      rc::gen::pair(hostile, hostile));
  identity.environment = *rc::gen::container<std::vector<std::pair<std::string, std::string>>>(
      rc::gen::pair(hostile, hostile));
  std::uint64_t collisions = 0;
  const std::string block = render_labels(identity, {.all_container_labels = true}, collisions);
  RC_ASSERT(is_valid_utf8(block));
  RC_ASSERT(block.find('\n') == std::string::npos);
  const auto labels = parse_labels(block);  // Also refuses a name that stands twice.
  RC_ASSERT(labels.has_value());
  RC_ASSERT(labels->size() == identity.labels.size() + identity.environment.size() + 3);
  for (const auto& [name, source] :
       {std::pair("id", identity.cgroup), std::pair("name", identity.name),
        std::pair("image", identity.image)})
    if (is_valid_utf8(source)) RC_ASSERT(labels->at(name) == source);
}

TEST(RenderLabels, KubernetesContainersHaveTheLabelsOfTheKubelet) {
  Identity identity;
  identity.cgroup = "/kubepods/podx/y";
  identity.pod_container = "nginx";
  identity.pod_namespace = "shop";
  identity.pod_name = "web-0";
  EXPECT_EQ(render(identity),
            R"(id="/kubepods/podx/y",container="nginx",namespace="shop",pod="web-0")");
  identity.pod_container.clear();  // The pod's own cgroup.
  EXPECT_EQ(render(identity), R"(id="/kubepods/podx/y",namespace="shop",pod="web-0")");
}

}  // namespace
}  // namespace plimsoll::exporter
