#include "http/etcd/file_sd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "base/temp_tree.h"
#include "http/etcd/directory.h"

namespace plimsoll::etcd {
namespace {

TEST(TargetGroups, AreSortedAndOnALineEach) {
  const auto groups = target_groups(
      R"({"node":"a","targets":[{"labels":{"b":"2","__a":"x\"y"},"targets":["h:1","[::1]:2"]},{"targets":[]}]})");
  ASSERT_TRUE(groups);
  EXPECT_EQ(*groups, R"({"targets":["h:1","[::1]:2"],"labels":{"__a":"x\"y","b":"2"}})"
                     ",\n"
                     R"({"targets":[],"labels":{}})");
}

TEST(TargetGroups, OfWhoHasNoneAreEmpty) {
  EXPECT_EQ(*target_groups("{}"), "");
  EXPECT_EQ(*target_groups(R"({"targets":[]})"), "");
}

TEST(TargetGroups, LeaveOutLabelsThatPrometheusRefuses) {
  EXPECT_EQ(
      *target_groups(
          R"({"targets":[{"targets":["h:1"],"labels":{"a-b":"1","":"2","1a":"3","ok":"4"}}]})"),
      R"({"targets":["h:1"],"labels":{"ok":"4"}})");
}

TEST(TargetGroups, AreRefusedWhenOneWouldSpoilTheFile) {
  for (const char* text :
       {"", "[]", "7", R"({"targets":{}})", R"({"targets":[1]})", R"({"targets":[{}]})",
        R"({"targets":[{"targets":"h:1"}]})", R"({"targets":[{"targets":[1]}]})",
        R"({"targets":[{"targets":["http://127.0.0.1:1/"]}]})",
        R"({"targets":[{"targets":["a b"]}]})", R"({"targets":[{"targets":[],"labels":[]}]})",
        R"({"targets":[{"targets":[],"labels":{"a":1}}]})"})
    EXPECT_FALSE(target_groups(text)) << text;
}

TEST(Directory, ListsInTheOrderOfKeysWhateverCameFirst) {
  int changes = 0;
  Directory directory([&] { ++changes; });
  EXPECT_EQ(directory.text(), "[]\n");
  const auto value = [](const std::string& host) {
    return R"({"targets":[{"targets":[")" + host + R"(:1"]}]})";
  };
  directory.replace({{"/b", value("b")}, {"/none", "{}"}, {"/bad", "no JSON"}});
  directory.apply({{"/a", value("a")}});
  EXPECT_EQ(
      directory.text(),
      "[\n{\"targets\":[\"a:1\"],\"labels\":{}},\n{\"targets\":[\"b:1\"],\"labels\":{}}\n]\n");
  EXPECT_EQ(directory.malformed(), 1U);
  directory.apply({{"/b", std::nullopt}, {"/bad", std::nullopt}, {"/never", std::nullopt}});
  EXPECT_EQ(directory.text(), "[\n{\"targets\":[\"a:1\"],\"labels\":{}}\n]\n");
  EXPECT_EQ(directory.malformed(), 0U);
  directory.replace({});
  EXPECT_EQ(directory.text(), "[]\n");
  EXPECT_EQ(changes, 4);
}

std::string content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(ReplaceFile, WritesWhatEverybodyMayRead) {
  const TempTree tree;
  const std::string path = tree.path() + "/sd.json";
  const ::mode_t mask = ::umask(077);
  const auto first = replace_file(path, "one\n");
  ::umask(mask);
  ASSERT_TRUE(first) << first.error().message();
  struct stat state{};
  ASSERT_EQ(::stat(path.c_str(), &state), 0);
  EXPECT_EQ(state.st_mode & 07777, 0644U);
  ASSERT_TRUE(replace_file(path, "two\n"));
  EXPECT_EQ(content(path), "two\n");
  EXPECT_NE(::access((path + ".tmp").c_str(), F_OK), 0);
}

TEST(ReplaceFile, LeavesTheFileWhenItCannot) {
  const TempTree tree;
  EXPECT_FALSE(replace_file(tree.path() + "/no/such/dir.json", "x"));
  const std::string path = tree.path() + "/dir.json";
  ASSERT_EQ(::mkdir(path.c_str(), 0755), 0);
  const auto refused = replace_file(path, "x");
  ASSERT_FALSE(refused);
  EXPECT_NE(::access((path + ".tmp").c_str(), F_OK), 0);
}

}  // namespace
}  // namespace plimsoll::etcd
