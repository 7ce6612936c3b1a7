#include "agent/stats/remote.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temp_tree.h"

namespace plimsoll::agent {
namespace {

using ::testing::HasSubstr;

TEST(Remote, PlainAddressesStayAsTheyAre) {
  for (const char* host : {"10.0.0.7:7546", "unix:/run/x.sock", "[::1]:7546"}) {
    const auto remote = parse_remote(host, {}, nullptr);
    ASSERT_TRUE(remote) << remote.error().message();
    EXPECT_EQ(remote->endpoint, host);
    EXPECT_FALSE(remote->client.channel);
    EXPECT_EQ(remote->client.authorization, "");
  }
  EXPECT_EQ(parse_remote("http://host:1/", {}, nullptr)->endpoint, "host:1");
}

TEST(Remote, HttpsIsTls) {
  const auto remote = parse_remote("https://host:7546/", {}, nullptr);
  ASSERT_TRUE(remote) << remote.error().message();
  EXPECT_EQ(remote->endpoint, "host:7546");
  EXPECT_TRUE(remote->client.channel);
}

TEST(Remote, ThePasswordComesFromAFileOrTheEnvironment) {
  const TempTree tree{{"password", "open sesame\n"}, {"empty", "\nsecond line\n"}};
  RemoteFlags flags;
  flags.user = "Aladdin";
  EXPECT_EQ(parse_remote("a:1", flags, "other")->client.authorization,
            "Basic QWxhZGRpbjpvdGhlcg==");
  flags.password_file = tree.path() + "/password";
  EXPECT_EQ(parse_remote("a:1", flags, "other")->client.authorization,
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  flags.password_file = tree.path() + "/empty";
  EXPECT_FALSE(parse_remote("a:1", flags, "other"));
  flags.password_file = tree.path() + "/missing";
  EXPECT_THAT(parse_remote("a:1", flags, "other").error().message(), HasSubstr("missing"));
}

TEST(Remote, ATokenComesFromAFile) {
  const TempTree tree{{"token", "abc.def\r\n"}, {"empty", ""}, {"odd", "a\tb\n"}};
  RemoteFlags flags;
  flags.token_file = tree.path() + "/token";
  EXPECT_EQ(parse_remote("a:1", flags, nullptr)->client.authorization, "Bearer abc.def");
  flags.user = "me";
  EXPECT_THAT(parse_remote("a:1", flags, "x").error().message(), HasSubstr("--token-file"));
  for (const char* file : {"/empty", "/odd", "/missing"}) {
    const auto remote = parse_remote("a:1", {.token_file = tree.path() + file}, nullptr);
    ASSERT_FALSE(remote) << file;
    EXPECT_THAT(remote.error().message(), HasSubstr(file));
  }
}

TEST(Remote, ContradictionsAreNamed) {
  const auto error_of = [](const char* host, const RemoteFlags& flags) {
    const auto remote = parse_remote(host, flags, nullptr);
    EXPECT_FALSE(remote);
    return remote ? std::string() : remote.error().message();
  };
  RemoteFlags flags;
  flags.user = "a";
  EXPECT_THAT(error_of("a:1", flags), HasSubstr("PLIMSOLL_PASSWORD"));
  flags = {};
  flags.password_file = "/x";
  EXPECT_THAT(error_of("a:1", flags), HasSubstr("--user"));
  flags = {};
  flags.insecure = true;
  EXPECT_THAT(error_of("a:1", flags), HasSubstr("https://"));
  flags = {};
  flags.ca_file = "/nowhere/ca.crt";
  EXPECT_THAT(error_of("https://host:1", flags), HasSubstr("/nowhere/ca.crt"));
}

}  // namespace
}  // namespace plimsoll::agent
