#include "http/router.h"

#include <gtest/gtest.h>

namespace plimsoll::http {
namespace {

TEST(Router, TheLongestPatternWinsAndExactBeatsPrefix) {
  Router router;
  for (const char* pattern : {"/*", "/a/*", "/a/b", "/a/b/*", "/", "/a/b/c"})
    router.add({pattern, {"GET"}, {}});
  struct Row {
    const char* path;
    const char* pattern;
  };
  for (const Row& row : {Row{"/", "/"}, Row{"/x", "/*"}, Row{"/a", "/*"}, Row{"/a/", "/a/*"},
                         Row{"/a/b", "/a/b"}, Row{"/a/b/", "/a/b/*"}, Row{"/a/b/c", "/a/b/c"},
                         Row{"/a/b/cd", "/a/b/*"}, Row{"/a/bc", "/a/*"}, Row{"//a", "/*"}}) {
    const auto match = router.match("GET", row.path);
    ASSERT_NE(match.route, nullptr) << row.path;
    EXPECT_EQ(match.pattern, row.pattern) << row.path;
  }
}

TEST(Router, KnowsNothingThatWasNotAdded) {
  Router router;
  router.add({"/a/*", {"GET"}, {}});
  for (const char* path : {"/", "/a", "/ab", "", "a/"}) {
    const auto match = router.match("GET", path);
    EXPECT_EQ(match.route, nullptr) << path;
    EXPECT_EQ(match.allow, "") << path;
  }
}

TEST(Router, OnePatternMayHaveAHandlerPerMethod) {
  Router router;
  std::string called;
  router.add({"/x", {"GET"}, [&](const Request&, Responder) { called = "get"; }});
  router.add({"/x", {"POST", "PUT"}, [&](const Request&, Responder) { called = "post"; }});
  router.add({"/*", {"DELETE"}, {}});
  router.match("PUT", "/x").route->handler({}, Responder(nullptr));
  EXPECT_EQ(called, "post");
  router.match("HEAD", "/x").route->handler({}, Responder(nullptr));
  EXPECT_EQ(called, "get");
  // The path is known: that a shorter pattern takes the method does not matter.
  const auto refused = router.match("DELETE", "/x");
  EXPECT_EQ(refused.route, nullptr);
  EXPECT_EQ(refused.allow, "GET, HEAD, POST, PUT");
}

TEST(Router, HeadIsNotAllowedWithoutGet) {
  Router router;
  router.add({"/x", {"POST"}, {}});
  EXPECT_EQ(router.match("HEAD", "/x").route, nullptr);
  EXPECT_EQ(router.match("get", "/x").route, nullptr);  // Methods are case-sensitive.
  EXPECT_EQ(router.match("HEAD", "/x").allow, "POST");
}

TEST(Router, TakesEveryMethodWhereNoneIsNamed) {
  Router router;
  router.add({"/*", {}, {}});
  router.add({"/x", {"GET"}, {}});
  EXPECT_NE(router.match("BREW", "/pot").route, nullptr);
  EXPECT_NE(router.match("POST", "/").route, nullptr);
  EXPECT_EQ(router.match("POST", "/x").allow, "GET, HEAD");
}

}  // namespace
}  // namespace plimsoll::http
