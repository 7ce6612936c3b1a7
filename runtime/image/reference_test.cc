#include "runtime/image/reference.h"

#include <gtest/gtest.h>

#include <string>

#include "runtime/image/digest.h"

namespace plimsoll::image {
namespace {

TEST(Reference, HasAFullAndAFamiliarForm) {
  const struct {
    const char* text;
    const char* repository;
    const char* familiar;
  } rows[] = {
      {"busybox", "docker.io/library/busybox", "busybox:latest"},
      {"busybox:1.36", "docker.io/library/busybox", "busybox:1.36"},
      {"docker.io/library/busybox", "docker.io/library/busybox", "busybox:latest"},
      {"index.docker.io/a/b", "docker.io/a/b", "a/b:latest"},
      {"a/b:1", "docker.io/a/b", "a/b:1"},
      {"localhost/a", "localhost/a", "localhost/a:latest"},
      {"127.0.0.1:5000/a/b:x", "127.0.0.1:5000/a/b", "127.0.0.1:5000/a/b:x"},
      {"[::1]:5000/a", "[::1]:5000/a", "[::1]:5000/a:latest"},
      {"example.com/a__b/c-d.e", "example.com/a__b/c-d.e", "example.com/a__b/c-d.e:latest"}};
  for (const auto& row : rows) {
    const model::Answer<Reference> reference = parse_tagged(row.text);
    ASSERT_TRUE(reference) << row.text << ": " << reference.error().message;
    EXPECT_EQ(reference->repository(), row.repository);
    EXPECT_EQ(reference->familiar_full(), row.familiar);
  }
  const std::string digest = digest_of("x");
  EXPECT_EQ(parse_tagged("busybox@" + digest)->familiar_full(), "busybox@" + digest);
  EXPECT_EQ(parse_tagged("busybox@" + digest)->tag, "");
}

TEST(Reference, RefusesInDockersWords) {
  for (const char* text : {"", ":tag", "a//b", "/a", "a/", "-a", "a:", "a:-x", "a b", "a@sha256:12",
                           "a@md5:0123", "example.com:x/a", "a..b", "a___b", "a:b:c", "a:x/../y"}) {
    const model::Answer<Reference> reference = parse_reference(text);
    ASSERT_FALSE(reference) << text;
    EXPECT_EQ(reference.error().why, model::Refused::kInvalid);
    EXPECT_EQ(reference.error().message, "invalid reference format") << text;
  }
  EXPECT_EQ(parse_reference("Foo").error().message,
            "invalid reference format: repository name (library/Foo) must be lowercase");
  EXPECT_FALSE(parse_reference(std::string(64, 'a')));
  EXPECT_FALSE(parse_reference(std::string(300, 'a')));
  EXPECT_FALSE(parse_reference("a:" + std::string(129, 'x')));
}

TEST(Digest, IsOneAlgorithmInOneSpelling) {
  const std::string empty =
      "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  EXPECT_EQ(digest_of(""), empty);
  EXPECT_TRUE(is_digest(empty));
  for (const std::string& wrong :
       {std::string("sha256:"), empty.substr(0, 70), empty + "0", "sha512:" + empty.substr(7),
        "sha256:E" + empty.substr(8), empty.substr(7)})
    EXPECT_FALSE(is_digest(wrong)) << wrong;
  EXPECT_EQ(short_key("a").size(), 26U);
  EXPECT_NE(short_key("a"), short_key("b"));
}

}  // namespace
}  // namespace plimsoll::image
