#include "base/secret.h"

#include <gtest/gtest.h>

#include "base/temp_tree.h"

namespace plimsoll {
namespace {

class Secret : public testing::Test {
 protected:
  Result<std::string> of(const std::string& text) {
    tree_.write("file", text);
    return read_secret(tree_.path() + "/file");
  }
  TempTree tree_;
};

TEST_F(Secret, IsTheFirstLine) {
  EXPECT_EQ(of("word"), "word");
  EXPECT_EQ(of("two words\n"), "two words");
  EXPECT_EQ(of(" word \r\nmore\n"), "word");
}

TEST_F(Secret, IsSomethingThatFitsIntoAHeader) {
  for (const char* text : {"", "\n", "  \nword\n", "a\rX: y\n", "a\tb", "a\x7f"}) {
    const auto secret = of(text);
    ASSERT_FALSE(secret) << text;
    EXPECT_EQ(secret.error().kind, ErrorKind::kInvalidInput);
    EXPECT_NE(secret.error().message().find(tree_.path() + "/file"), std::string::npos);
  }
  EXPECT_EQ(read_secret(tree_.path() + "/none").error().kind, ErrorKind::kNotOffered);
}

}  // namespace
}  // namespace plimsoll
