#include "exporter/stream/select.h"

#include <gtest/gtest.h>

namespace plimsoll::exporter {
namespace {

using inventory::Identity;
using inventory::Runtime;

Identity container(std::string id, std::string name, Runtime runtime = Runtime::kDocker) {
  Identity identity;
  identity.runtime = runtime;
  identity.cgroup = "/docker/" + id;
  identity.id = std::move(id);
  identity.display = name;
  identity.name = std::move(name);
  return identity;
}

Snapshot snapshot_of(std::vector<Identity> identities) {
  Snapshot snapshot;
  snapshot.reserve(identities.size());
  for (Identity& identity : identities) {
    Row row;
    row.identity = std::make_shared<const Identity>(std::move(identity));
    snapshot.rows.push_back(std::move(row));
  }
  return snapshot;
}

Identity service(std::string cgroup) {
  Identity identity;
  identity.runtime = Runtime::kSystemd;
  identity.id = cgroup;
  identity.display = cgroup;
  identity.cgroup = std::move(cgroup);
  return identity;
}

std::vector<std::size_t> chosen(const Snapshot& snapshot,
                                std::vector<std::pair<std::string, std::string>> query) {
  return select_rows(snapshot, parse_selection(query).value());
}

TEST(SelectRows, ListsContainersUnlessAllIsAsked) {
  const Snapshot snapshot =
      snapshot_of({container("aa", "web"), service("/system.slice/x.service")});
  EXPECT_EQ(chosen(snapshot, {}), (std::vector<std::size_t>{0}));
  EXPECT_EQ(chosen(snapshot, {{"all", "true"}}), (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(chosen(snapshot, {{"runtime", "systemd"}}), (std::vector<std::size_t>{1}));
  EXPECT_EQ(chosen(snapshot, {{"cgroup", "/system.slice/*"}}), (std::vector<std::size_t>{1}));
}

TEST(SelectRows, SameKindIsOrDifferentKindsAreAnd) {
  Identity labelled = container("bb", "db", Runtime::kPodman);
  labelled.labels = {{"tier", "back"}};
  const Snapshot snapshot =
      snapshot_of({container("aa", "web-1"), labelled, container("cc", "cache")});
  EXPECT_EQ(chosen(snapshot, {{"name", "web-*"}, {"name", "db"}}),
            (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(chosen(snapshot, {{"name", "*"}, {"runtime", "podman"}}),
            (std::vector<std::size_t>{1}));
  EXPECT_EQ(chosen(snapshot, {{"label", "tier=back"}}), (std::vector<std::size_t>{1}));
  EXPECT_EQ(chosen(snapshot, {{"label", "tier"}}), (std::vector<std::size_t>{1}));
  EXPECT_TRUE(chosen(snapshot, {{"label", "tier=front"}}).empty());
  EXPECT_EQ(chosen(snapshot, {{"id", "c"}}), (std::vector<std::size_t>{2}));
}

TEST(ParseSelection, RefusesWhatItDoesNotKnow) {
  std::vector<std::pair<std::string, std::string>> query = {{"runtime", "rocket"}};
  const auto refused = parse_selection(query);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kInvalidInput);
  EXPECT_NE(refused.error().subject.find("docker"), std::string::npos) << "lists what is known";
  query = {{"all", "maybe"}};
  EXPECT_FALSE(parse_selection(query));
}

TEST(Selection, KeysDifferWhenSelectionsDo) {
  const Selection a{.names = {"ab"}};
  const Selection b{.names = {"a", "b"}};
  const Selection c{.ids = {"ab"}};
  EXPECT_NE(a.key(), b.key());
  EXPECT_NE(a.key(), c.key());
  EXPECT_EQ(a.key(), Selection{.names = {"ab"}}.key());
}

TEST(FindRow, TriesIdThenNameThenPrefixThenPath) {
  const Snapshot snapshot = snapshot_of(
      {container("abc1", "one"), container("abd2", "two"), container("e", "abc1x"), service("/x")});
  EXPECT_EQ(find_row(snapshot, "abc1").value(), 0U);
  EXPECT_EQ(find_row(snapshot, "two").value(), 1U);
  EXPECT_EQ(find_row(snapshot, "abd").value(), 1U);
  EXPECT_EQ(find_row(snapshot, "/docker/abd2").value(), 1U);
  EXPECT_EQ(find_row(snapshot, "docker/abd2").value(), 1U);
  EXPECT_EQ(find_row(snapshot, "/x").value(), 3U);
}

TEST(FindRow, SaysWhatIsAmbiguousOrUnknown) {
  const Snapshot snapshot = snapshot_of({container("abc1", "one"), container("abd2", "two")});
  const auto ambiguous = find_row(snapshot, "ab");
  ASSERT_FALSE(ambiguous);
  EXPECT_EQ(ambiguous.error().kind, ErrorKind::kInvalidInput);
  EXPECT_NE(ambiguous.error().subject.find("one"), std::string::npos);
  const auto unknown = find_row(snapshot, "zz");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::kNotOffered);
}

TEST(GlobMatch, HasStarsAndQuestionMarks) {
  EXPECT_TRUE(glob_match("", ""));
  EXPECT_TRUE(glob_match("*", ""));
  EXPECT_TRUE(glob_match("a*c*e", "abcde"));
  EXPECT_TRUE(glob_match("/kubepods/*/pod?", "/kubepods/burstable/x/pod1"));
  EXPECT_FALSE(glob_match("a?", "a"));
  EXPECT_FALSE(glob_match("a", "ab"));
  EXPECT_TRUE(glob_match("*ab", "aab"));
}

TEST(ParseDuration, ReadsUnitsAndPlainSeconds) {
  using std::chrono::milliseconds;
  EXPECT_EQ(parse_duration("1s"), milliseconds(1000));
  EXPECT_EQ(parse_duration("1.5"), milliseconds(1500));
  EXPECT_EQ(parse_duration("500ms"), milliseconds(500));
  EXPECT_EQ(parse_duration("2m"), milliseconds(120'000));
  EXPECT_EQ(parse_duration("0"), milliseconds(0));
  for (const std::string_view bad : {"", "s", "-1s", "1x", "nan", "inf", "1e300h", "1 s"})
    EXPECT_EQ(parse_duration(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace plimsoll::exporter
