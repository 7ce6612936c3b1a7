#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "runtime/docker/call.h"
#include "runtime/docker/images.h"
#include "runtime/docker/platform.h"
#include "runtime/docker/pool.h"
#include "runtime/docker/progress.h"
#include "runtime/docker/router.h"
#include "runtime/docker/stdcopy.h"
#include "runtime/docker/system.h"
#include "runtime/docker/times.h"
#include "runtime/docker/version.h"

namespace plimsoll::docker {
namespace {

using namespace std::string_literals;

TEST(ApiVersion, IsThePrefixOfAPath) {
  const auto versioned = split_version("/v1.41/containers/json");
  ASSERT_TRUE(versioned);
  EXPECT_EQ(versioned->version, (ApiVersion{1, 41}));
  EXPECT_EQ(versioned->path, "/containers/json");
  for (const char* bare : {"/version", "/volumes", "/volumes/a.b", "/_ping", "/v1/x", "/vx.y/z"}) {
    const auto path = split_version(bare);
    ASSERT_TRUE(path) << bare;
    EXPECT_EQ(path->version, kNewest) << bare;
    EXPECT_EQ(path->path, bare);
  }
}

TEST(ApiVersion, IsRefusedInTheWordsThatClientsKnow) {
  EXPECT_EQ(split_version("/v1.99/info").error().message,
            "client version 1.99 is too new. Maximum supported API version is 1.44");
  EXPECT_EQ(split_version("/v1.11/info").error().message,
            "client version 1.11 is too old. Minimum supported API version is 1.24, please upgrade "
            "your client to a newer version");
  EXPECT_TRUE(split_version("/v1.24/info"));
  EXPECT_TRUE(split_version("/v1.44/info"));
}

TEST(DockerRouter, TakesNamesWithSlashesUpToTheSuffix) {
  Router router;
  router.add(Method::kGet, "/images/json", 0);
  router.add(Method::kGet, "/images/{name}/json", 1);
  router.add(Method::kGet, "/images/{name}/get", 2);
  router.add(Method::kDelete, "/images/{name}", 3);
  router.add(Method::kGet, "/images/get", 4);
  const auto target = [&](Method method, std::string_view path) {
    const auto match = router.match(method, path);
    return match ? std::to_string(match->target) + ":" + std::string(match->parameter) : "none";
  };
  EXPECT_EQ(target(Method::kGet, "/images/json"), "0:");
  EXPECT_EQ(target(Method::kGet, "/images/localhost:5000/a/b:1.0/json"),
            "1:localhost:5000/a/b:1.0");
  EXPECT_EQ(target(Method::kGet, "/images/json/json"), "1:json");
  EXPECT_EQ(target(Method::kGet, "/images/get"), "4:");
  EXPECT_EQ(target(Method::kDelete, "/images/a/get"), "3:a/get");
  EXPECT_EQ(target(Method::kDelete, "/images/"), "none");
  EXPECT_EQ(target(Method::kPost, "/images/json"), "none");
  EXPECT_EQ(target(Method::kGet, "/images//json"), "none");
  EXPECT_EQ(method_named("BREW"), std::nullopt);
}

TEST(Query, KnowsNoInAllItsWords) {
  for (const char* word : {"", "0", "no", "No", "false", "False", "NONE"})
    EXPECT_FALSE(is_yes(word));
  for (const char* word : {"1", "true", "True", "yes", "2", "off"}) EXPECT_TRUE(is_yes(word));
}

TEST(StdCopy, PutsStreamAndLengthBeforeEachPiece) {
  EXPECT_EQ(*std_frame(StdStream::kStderr, "hello"), "\x02\0\0\0\0\0\0\x05hello"s);
  const std::string large(0x010203, 'x');
  EXPECT_EQ(std_frame(StdStream::kStdout, large)->substr(0, 8), "\x01\0\0\0\0\x01\x02\x03"s);
}

TEST(Progress, IsALineOfJson) {
  EXPECT_EQ(encode(image::Progress{.status = "Pulling from library/x", .id = "latest"}),
            "{\"status\":\"Pulling from library/x\",\"progressDetail\":{},\"id\":\"latest\"}\r\n");
  EXPECT_EQ(encode(image::Progress{.status = "Downloading", .id = "a", .current = 5, .total = 9}),
            "{\"status\":\"Downloading\",\"progressDetail\":{\"current\":5,\"total\":9},\"id\":"
            "\"a\"}\r\n");
  EXPECT_EQ(encode(image::Progress{.status = "done"}), "{\"status\":\"done\"}\r\n");
  EXPECT_EQ(encode(image::Progress{.aux = R"({"Tag":"x"})"}), "{\"aux\":{\"Tag\":\"x\"}}\r\n");
  EXPECT_EQ(encode_stream("Loaded\n"), "{\"stream\":\"Loaded\\n\"}\r\n");
  EXPECT_EQ(encode_error("\"no\""), R"({"errorDetail":{"message":"\"no\""},"error":"\"no\""})"
                                    "\r\n");
}

TEST(Pool, HasAThreadForEveryJobThatBlocksUpToItsLimit) {
  Pool pool(3);
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  std::atomic<int> done = 0;
  std::atomic<bool> go = false;
  for (int i = 0; i < 5; ++i)
    pool.submit([&] {
      const int now = ++running;
      for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
      }
      go.wait(false);
      --running;
      ++done;
    });
  while (running < 3) std::this_thread::yield();
  go = true;
  go.notify_all();
  while (done < 5) std::this_thread::yield();
  EXPECT_EQ(most, 3);
  pool.stop();
  auto left = std::make_shared<int>(0);
  pool.submit([left] { FAIL() << "it was stopped"; });
  EXPECT_EQ(left.use_count(), 1);
}

TEST(Pool, DropsWhatWaitsAndEndsWhatRuns) {
  Pool pool(1);
  std::atomic<bool> started = false;
  std::atomic<bool> go = false;
  std::atomic<bool> ended = false;
  pool.submit([&] {
    started = true;
    go.wait(false);
    ended = true;
  });
  while (!started) std::this_thread::yield();
  auto waiting = std::make_shared<int>(0);
  pool.submit([waiting] { FAIL() << "it was stopped"; });
  pool.refuse();
  EXPECT_EQ(waiting.use_count(), 1);
  go = true;
  go.notify_all();
  pool.stop();
  EXPECT_TRUE(ended);
}

TEST(Platforms, AreReadAsContainerdReadsThem) {
  const auto read = [](const char* text) {
    const auto platform = parse_platform(text, "amd64");
    return platform ? to_text(*platform) : platform.error().message;
  };
  EXPECT_EQ(read("linux/amd64"), "linux/amd64");
  EXPECT_EQ(read("Linux/x86_64"), "linux/amd64");
  EXPECT_EQ(read("aarch64"), "linux/arm64");
  EXPECT_EQ(read("linux/arm64/v8"), "linux/arm64");
  EXPECT_EQ(read("linux/arm/v7"), "linux/arm/v7");
  EXPECT_EQ(read("armhf"), "linux/arm/v7");
  EXPECT_EQ(read("linux"), "linux/amd64");
  EXPECT_EQ(read("windows/amd64"), "windows/amd64");
  EXPECT_EQ(read("nonsense"),
            "\"nonsense\": unknown operating system or architecture: invalid argument");
  EXPECT_EQ(read("a/b/c/d"), "\"a/b/c/d\": cannot parse platform specifier: invalid argument");
  EXPECT_EQ(read("linux/"), "\"linux/\": cannot parse platform specifier: invalid argument");
}

TEST(Times, AreReadInAllTheirForms) {
  const WallTime now(std::chrono::hours(48));
  const auto parse = [&](std::string_view text) {
    const auto time = parse_time(text, now);
    return time && *time ? rfc3339(**time) : "none";
  };
  EXPECT_EQ(parse("100"), "1970-01-01T00:01:40.000000000Z");
  EXPECT_EQ(parse("100.5"), "1970-01-01T00:01:40.500000000Z");
  EXPECT_EQ(parse("1.000000001"), "1970-01-01T00:00:01.000000001Z");
  EXPECT_EQ(parse("24h"), "1970-01-02T00:00:00.000000000Z");
  EXPECT_EQ(parse("2026-11-21T23:40:00Z"), "2026-11-21T23:40:00.000000000Z");
  EXPECT_EQ(parse("2026-11-21T23:40:00.25+01:00"), "2026-11-21T22:40:00.250000000Z");
  EXPECT_EQ(parse(""), "none");
  for (const char* wrong : {"x", "1.", "1.x", "1.1234567890", "2026-13-01T00:00:00Z",
                            "2026-11-21T23:40:00", "99999999999", "2026-11-21T23:40:00.Z"})
    EXPECT_FALSE(parse_time(wrong, now)) << wrong;
}

TEST(Credentials, AreReadFromEitherAlphabet) {
  const auto read = decode_credentials("eyJ1c2VybmFtZSI6Im1lIiwiaWRlbnRpdHl0b2tlbiI6InQifQ==");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->username, "me");
  EXPECT_EQ(read->identity_token, "t");
  for (const char* none : {"", "e30=", "e30"}) {
    const auto nobody = decode_credentials(none);
    ASSERT_TRUE(nobody) << none;
    EXPECT_EQ(nobody->username, "");
  }
  for (const char* wrong : {"!", "W10=", "eyJ1c2VybmFtZSI6MX0"})
    EXPECT_FALSE(decode_credentials(wrong)) << wrong;
}

TEST(Images, FitPatternsWithAndWithoutATag) {
  const std::string name = "r:5000/a/b:1.0";
  for (const char* yes : {"r:5000/a/b:1.0", "r:5000/a/b", "r:5000/*", "*b:1*"})
    EXPECT_TRUE(matches_reference(name, yes)) << yes;
  for (const char* no : {"b", "r:5000/a/b:2", "r"}) EXPECT_FALSE(matches_reference(name, no)) << no;
  EXPECT_EQ(reference_of("x", "1"), "x:1");
  EXPECT_EQ(reference_of("x", "sha256:12"), "x@sha256:12");
  EXPECT_EQ(reference_of("x:1", ""), "x:1");
}

TEST(HostFacts, ReadTheNameOfTheSystem) {
  constexpr std::string_view kText =
      "NAME=\"Debian\"\nPRETTY_NAME=\"Debian 12\"\nVERSION_ID='12'\n";
  EXPECT_EQ(os_release_value(kText, "PRETTY_NAME"), "Debian 12");
  EXPECT_EQ(os_release_value(kText, "VERSION_ID"), "12");
  EXPECT_EQ(os_release_value(kText, "NAM"), "");
}

}  // namespace
}  // namespace plimsoll::docker
