#include "http/target.h"

#include <gmock/gmock.h>

namespace plimsoll::http {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

TEST(Target, DecodesPathOnce) {
  struct Row {
    const char* text;
    const char* path;
  };
  for (const Row& row : {
           Row{"/", "/"},
           Row{"/a%20b", "/a b"},
           Row{"/a+b", "/a+b"},
           Row{"/%2Fdocker%2fabc", "//docker/abc"},
           Row{"/%252e%252e/x", "/%2e%2e/x"},
           Row{"/...", "/..."},
           Row{"/.a/b./..c", "/.a/b./..c"},
           Row{"//a//", "//a//"},
           Row{"/%C3%BC", "/\xC3\xBC"},
           Row{"http://host:1/a", "/a"},
           Row{"https://host", "/"},
           Row{"http://host?x=1", "/"},
           Row{"/a?/../b", "/a"},
       }) {
    const auto target = parse_target(row.text);
    ASSERT_TRUE(target) << row.text << ": " << target.error().message();
    EXPECT_EQ(target->path, row.path);
  }
}

TEST(Target, RefusesWhatCouldMeanSomethingElse) {
  struct Row {
    const char* text;
    const char* why;
  };
  for (const Row& row : {
           Row{"", "start with '/'"},
           Row{"*", "start with '/'"},
           Row{"host:80", "start with '/'"},
           Row{"?x=1", "start with '/'"},
           Row{"ftp://host/x", "start with '/'"},
           Row{"/%", "escape"},
           Row{"/%2", "escape"},
           Row{"/%2g", "escape"},
           Row{"/%+1", "escape"},
           Row{"/a%00b", "NUL"},
           Row{"/x?a=%00", "NUL"},
           Row{"/x?%zz", "escape"},
           Row{"/x?a=%", "escape"},
           Row{"/..", "'..'"},
           Row{"/./a", "'.'"},
           Row{"/a/../b", "'..'"},
           Row{"/a/%2e%2E/b", "'..'"},
           Row{"/a/..%2fb", "'..'"},
           Row{"/a/%2e", "'.'"},
           Row{"http://host/../x", "'..'"},
           Row{"/a#b", "fragment"},
       }) {
    const auto target = parse_target(row.text);
    ASSERT_FALSE(target) << row.text;
    EXPECT_EQ(target.error().kind, ErrorKind::kInvalidInput);
    EXPECT_THAT(target.error().subject, HasSubstr(row.why)) << row.text;
  }
}

TEST(Target, DecodesQueryInOrder) {
  const auto target = parse_target("/?b=1&a=x%26y+z&&flag&empty=&=v&b=2%3D=3");
  ASSERT_TRUE(target);
  EXPECT_THAT(target->query, ElementsAre(Pair("b", "1"), Pair("a", "x&y z"), Pair("flag", ""),
                                         Pair("empty", ""), Pair("", "v"), Pair("b", "2==3")));
}

}  // namespace
}  // namespace plimsoll::http
