#include "agent/go_dashes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plimsoll::agent {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> doubled(std::vector<std::string> arguments) {
  return with_two_dashes(std::move(arguments), [](std::string_view name) {
    return name == "--port" || name == "--v" || name == "--docker_only";
  });
}

TEST(GoDashes, OneDashIsAsGoodAsTwo) {
  EXPECT_THAT(doubled({"-port=8080", "-port", "8080", "--port=1", "-docker_only", "-v=2"}),
              ElementsAre("--port=8080", "--port", "8080", "--port=1", "--docker_only", "--v=2"));
}

TEST(GoDashes, AnEmptyValueIsAnArgumentOfItsOwn) {
  EXPECT_THAT(doubled({"-port=", "x", "--v="}), ElementsAre("--port", "", "x", "--v", ""));
}

TEST(GoDashes, NothingElseIsTouched) {
  EXPECT_THAT(doubled({"-x", "-", "", "port", "-ports=1", "-1", "---port", "--", "-port=1"}),
              ElementsAre("-x", "-", "", "port", "-ports=1", "-1", "---port", "--", "-port=1"));
}

}  // namespace
}  // namespace plimsoll::agent
