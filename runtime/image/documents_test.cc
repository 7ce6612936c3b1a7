#include "runtime/image/documents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "runtime/image/digest.h"
#include "runtime/image/registry/challenge.h"

namespace plimsoll::image {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kDigest = digest_of("x");

TEST(Documents, AnImageIsReadAndWritten) {
  const std::string text =
      R"({"architecture":"arm64","os":"linux","author":"me","created":"2026-01-02T03:04:05Z",)"
      R"("config":{"Env":["A=b"],"Cmd":["sh","-c"],"Entrypoint":null,"ExposedPorts":{"80/tcp":{}},)"
      R"("Volumes":{"/data":{}},"WorkingDir":"/w","User":"1:2","StopSignal":"SIGINT",)"
      R"("Labels":{"k":"v"},"Healthcheck":{"Test":["CMD","x"],"Interval":1000000000},"Future":1},)"
      R"("history":[{"created_by":"one"},{"created_by":"two","empty_layer":true}],)"
      R"("rootfs":{"type":"layers","diff_ids":[")" +
      kDigest + "\"]},\"future\":{}}";
  const Result<Image> image = decode_image(text);
  ASSERT_TRUE(image) << image.error().message();
  EXPECT_EQ(image->architecture, "arm64");
  EXPECT_EQ(image->created_seconds, 1767323045);
  EXPECT_THAT(*image->config.cmd, ElementsAre("sh", "-c"));
  EXPECT_EQ(image->config.entrypoint, std::nullopt);
  EXPECT_THAT(image->config.exposed_ports, ElementsAre("80/tcp"));
  EXPECT_EQ(image->config.healthcheck->interval, std::chrono::seconds(1));
  EXPECT_TRUE(image->history[1].empty_layer);
  EXPECT_THAT(image->layers, ElementsAre(kDigest));
  const Result<Image> again = decode_image(encode(*image));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->config, image->config);
  EXPECT_EQ(again->created, image->created);
}

TEST(Documents, WhatIsWrongIsNamed) {
  const auto manifest = [](const std::string& config, const std::string& layers) {
    return decode_manifest(R"({"config":)" + config + R"(,"layers":)" + layers + "}");
  };
  const std::string good = R"({"mediaType":"x","digest":")" + kDigest + R"(","size":1})";
  EXPECT_TRUE(manifest(good, "[]"));
  EXPECT_TRUE(manifest(good, "null"));
  EXPECT_THAT(manifest("{}", "[]").error().subject, HasSubstr("config.digest"));
  EXPECT_THAT(manifest(good, R"([{"digest":"../../x","size":1}])").error().subject,
              HasSubstr("is no sha256 digest"));
  EXPECT_THAT(manifest(R"({"digest":")" + kDigest + R"(","size":-1})", "[]").error().subject,
              HasSubstr("config.size"));
  std::string many = "[" + good;
  for (int i = 0; i < 127; ++i) many += "," + good;
  EXPECT_THAT(manifest(good, many + "]").error().subject, HasSubstr("more than 127"));
  EXPECT_FALSE(decode_manifest(""));
  EXPECT_FALSE(decode_manifest("[]"));
  EXPECT_FALSE(decode_manifest(std::string(100, '[')));
  EXPECT_FALSE(decode_image("{}"));
  EXPECT_FALSE(decode_image(R"({"rootfs":{"diff_ids":["x"]}})"));
  EXPECT_FALSE(decode_archive("{}"));
  EXPECT_FALSE(decode_archive(R"([{"RepoTags":[]}])"));
}

TEST(Documents, APlatformIsChosen) {
  const Index index{{{.digest = "1", .os = "linux", .architecture = "arm"},
                     {.digest = "2", .os = "linux", .architecture = "amd64"}}};
  EXPECT_EQ(choose(index, "linux", "amd64")->digest, "2");
  EXPECT_EQ(choose(index, "linux", "riscv64").error().kind, ErrorKind::kNotOffered);
  EXPECT_EQ(choose(Index{{{.digest = "3"}}}, "linux", "amd64")->digest, "3");
}

TEST(Challenge, IsReadWithCommasInQuotes) {
  const auto challenge = registry::parse_challenge(
      R"(Bearer realm="https://example.com/t",service="a b", Scope="repository:x:pull,push")");
  ASSERT_TRUE(challenge);
  EXPECT_EQ(challenge->scheme, "bearer");
  EXPECT_EQ(challenge->parameters.at("realm"), "https://example.com/t");
  EXPECT_EQ(challenge->parameters.at("scope"), "repository:x:pull,push");
  EXPECT_FALSE(registry::parse_challenge(""));
  EXPECT_FALSE(registry::parse_challenge("Bearer realm=\"open"));
  EXPECT_FALSE(registry::parse_challenge("Bearer nonsense"));
  EXPECT_EQ(registry::escape("a:b/c"), "a%3Ab%2Fc");
  EXPECT_EQ(registry::parse_token(R"({"access_token":"x"})").value_or(""), "x");
  EXPECT_FALSE(registry::parse_token("{\"token\":\"a\\r\\nb\"}"));
  EXPECT_EQ(registry::parse_errors(R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"m"}]})"),
            "manifest unknown: m");
}

}  // namespace
}  // namespace plimsoll::image
