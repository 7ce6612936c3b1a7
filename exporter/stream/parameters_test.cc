#include "exporter/stream/parameters.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace plimsoll::exporter {
namespace {

using Query = std::vector<std::pair<std::string, std::string>>;

TEST(RefuseUnknown, NamesTheParameterAndThoseThatThereAre) {
  const auto refused = refuse_unknown(Query{{"max_age", "1s"}, {"foo", "1"}}, Selects::kNothing,
                                      {"history", "max_age"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kInvalidInput);
  EXPECT_EQ(refused.error().subject, "'foo' is no parameter here; there is history, max_age");
}

// The list above parse_selection() and what it reads must not drift apart.
TEST(RefuseUnknown, EverySelectionParameterIsKnownAndRead) {
  for (const char* name : {"all", "name", "id", "runtime", "image", "label", "cgroup"}) {
    const Query query{{name, std::string(name) == "runtime" ? "docker" : "1"}};
    EXPECT_TRUE(refuse_unknown(query, Selects::kContainers, {})) << name;
    EXPECT_FALSE(refuse_unknown(query, Selects::kNothing, {"max_age"})) << name;
    const auto selection = parse_selection(query);
    ASSERT_TRUE(selection) << name;
    EXPECT_NE(selection->key(), Selection{}.key()) << name;
  }
}

TEST(RefuseUnknown, NoParametersAreFine) {
  EXPECT_TRUE(refuse_unknown(Query{}, Selects::kNothing, {}));
}

}  // namespace
}  // namespace plimsoll::exporter
