// The documents that we write are ones that we read, and say what we take.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "runtime/spec/decode.h"
#include "runtime/spec/default_config.h"
#include "runtime/spec/features.h"
#include "runtime/spec/testing.h"

namespace plimsoll::spec {
namespace {

std::vector<std::string> namespaces_of(const std::string& config) {
  std::vector<std::string> types;
  const auto document = nlohmann::json::parse(config);
  for (const auto& entry : document["linux"]["namespaces"]) types.push_back(entry["type"]);
  return types;
}
using Types = std::vector<std::string>;

TEST(DefaultConfig, IsAccepted) {
  const std::string text = default_config({});
  const auto decoded = decode(text);
  ASSERT_TRUE(decoded) << decoded.error().message();
  EXPECT_TRUE(decoded->warnings.empty());
  const Config& config = decoded->config;
  EXPECT_EQ(config.process->args, Types{"sh"});
  EXPECT_TRUE(config.process->terminal);
  EXPECT_TRUE(config.process->no_new_privileges);
  EXPECT_EQ(config.root.path, "rootfs");
  EXPECT_EQ(config.mounts.size(), 7U);
  EXPECT_EQ(config.linux_.resources->devices.size(), 1U);
  EXPECT_EQ(namespaces_of(text), (Types{"pid", "network", "ipc", "uts", "mount"}));
  EXPECT_EQ(text.back(), '\n');
}

TEST(DefaultConfig, RootlessMapsTheUserAlone) {
  const std::string text = default_config({.rootless = {{.uid = 1000, .gid = 1001}}});
  const auto decoded = decode(text);
  ASSERT_TRUE(decoded) << decoded.error().message();
  const Linux& parts = decoded->config.linux_;
  EXPECT_EQ(parts.uid_mappings.at(0).host_id, 1000U);
  EXPECT_EQ(parts.gid_mappings.at(0).host_id, 1001U);
  EXPECT_FALSE(parts.resources);
  EXPECT_EQ(namespaces_of(text), (Types{"pid", "ipc", "uts", "mount", "user"}));
  EXPECT_EQ(text.find("gid=5"), std::string::npos);
}

TEST(DefaultConfig, HasACgroupNamespaceOnV2) {
  EXPECT_EQ(namespaces_of(default_config({.cgroup_namespace = true})).back(), "cgroup");
}

TEST(Features, AreAnOrderlyDocument) {
  static constexpr std::string_view kOptions[] = {"bind", "ro"};
  const auto document =
      nlohmann::json::parse(features({.mount_options = kOptions, .cgroup_systemd = true}));
  EXPECT_EQ(document["ociVersionMax"], "1.3.0");
  EXPECT_EQ(document["mountOptions"], nlohmann::json({"bind", "ro"}));
  EXPECT_EQ(document["linux"]["capabilities"].size(), 41U);
  EXPECT_EQ(document["linux"]["cgroup"]["systemd"], true);
  EXPECT_EQ(document["linux"]["intelRdt"]["enabled"], false);
  EXPECT_EQ(document["linux"]["mountExtensions"]["idmap"]["enabled"], true);
  EXPECT_EQ(nlohmann::json::parse(features({}))["mountOptions"], nlohmann::json::array());
}

// What is listed is what decode() takes.
TEST(Features, ListTheWordsOfConfigurations) {
  const auto document = nlohmann::json::parse(features({}));
  const auto accepts = [](const char* pointer, const std::string& word) {
    const auto decoded = decode(full_config_with(pointer, nlohmann::json(word).dump()));
    return decoded || decoded.error().subject.find("must be one of") == std::string::npos;
  };
  const auto& seccomp = document["linux"]["seccomp"];
  for (const auto& word : seccomp["actions"])
    EXPECT_TRUE(accepts("/linux/seccomp/syscalls/0/action", word)) << word;
  for (const auto& word : seccomp["operators"])
    EXPECT_TRUE(accepts("/linux/seccomp/syscalls/1/args/0/op", word)) << word;
  for (const auto& word : seccomp["knownFlags"])
    EXPECT_TRUE(accepts("/linux/seccomp/flags/0", word)) << word;
  for (const auto& word : document["linux"]["namespaces"])
    EXPECT_TRUE(accepts("/linux/namespaces/0/type", word)) << word;
}

}  // namespace
}  // namespace plimsoll::spec
