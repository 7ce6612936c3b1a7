#include "agent/top/lines.h"

#include <gmock/gmock.h>

#include "agent/top/test_frames.h"

namespace plimsoll::agent::top {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Lines : public ::testing::Test {
 protected:
  void have(std::vector<StatsRow> rows) { history_.take(frame_at(second_++, std::move(rows))); }

  // "  - label", as the list indents and folds them.
  [[nodiscard]] std::vector<std::string> shown() const {
    std::vector<std::string> out;
    for (const Line& line : lines_of(history_.entries(), options_))
      out.push_back(std::string(2 * line.depth, ' ') +
                    (line.group ? line.folded ? "+ " : "- " : "") + line.label);
    return out;
  }
  void sort(std::string_view key) { options_.sort = find_sort_column(key).value(); }
  void search(std::string_view text) { options_.search = Search::parse(text).value(); }

  History history_;
  ListOptions options_;
  int second_ = 0;
};

StatsRow with_cpu(std::string name, char digit, double cores) {
  StatsRow row = calm_row(std::move(name), digit);
  row.cpu_cores = cores;
  return row;
}

TEST_F(Lines, WorstFirstThenByName) {
  have({calm_row("c", '3'), full_row("b", '2'), calm_row("a", '1')});
  EXPECT_THAT(shown(), ElementsAre("b", "a", "c"));
  options_.reversed = true;
  EXPECT_THAT(shown(), ElementsAre("a", "c", "b"));
}

TEST_F(Lines, AbsentStandsLastBothWays) {
  StatsRow none = calm_row("none", '3');
  none.cpu_cores.reset();
  have({none, with_cpu("slow", '1', 0.1), with_cpu("fast", '2', 2)});
  sort("cpu");
  EXPECT_THAT(shown(), ElementsAre("fast", "slow", "none"));
  options_.reversed = true;
  EXPECT_THAT(shown(), ElementsAre("slow", "fast", "none"));
}

TEST_F(Lines, AMomentDoesNotTurnTheOrder) {
  sort("cpu");
  have({with_cpu("a", '1', 1), with_cpu("b", '2', 0.8)});
  have({with_cpu("a", '1', 1), with_cpu("b", '2', 0.8)});
  have({with_cpu("a", '1', 0.7), with_cpu("b", '2', 0.8)});
  EXPECT_THAT(shown(), ElementsAre("a", "b"));
}

TEST_F(Lines, SortKeysAreKnownByName) {
  EXPECT_EQ(sort_columns()[find_sort_column("mem%").value()].title, "MEM%");
  EXPECT_THAT(find_sort_column("x").error().subject, HasSubstr("state name cpu"));
}

TEST_F(Lines, SearchLooksEverywhereWhateverTheCase) {
  StatsRow shop = calm_row("Shop-Web", '1');
  shop.compose_project = "shop";
  StatsRow full = full_row("db", '2');
  full.image = "postgres:16";
  have({shop, full});
  search("SHOP web");
  EXPECT_THAT(shown(), ElementsAre("Shop-Web"));
  search("postgres");
  EXPECT_THAT(shown(), ElementsAre("db"));
  search("mem");  // By its mark.
  EXPECT_THAT(shown(), ElementsAre("db"));
  search("project=shop");
  EXPECT_THAT(shown(), ElementsAre("Shop-Web"));
  search("project=shop postgres");
  EXPECT_THAT(shown(), IsEmpty());
}

TEST_F(Lines, AWrongFilterSaysSo) {
  EXPECT_THAT(Search::parse("colour=red").error().subject, HasSubstr("colour"));
}

TEST_F(Lines, ByOwnerWithSums) {
  StatsRow web = with_cpu("shop-web-1", '1', 0.5);
  StatsRow db = with_cpu("shop-db-1", '2', 0.25);
  web.compose_project = db.compose_project = "shop";
  StatsRow pod = calm_row("api", '3');
  pod.pod_name = "api-0";
  pod.pod_namespace = "prod";
  have({web, db, pod, full_row("alone", '4')});
  options_.tree = Tree::kOwners;
  EXPECT_THAT(shown(), ElementsAre("- /docker", "  alone", "- pod prod/api-0", "  api",
                                   "- project shop", "  shop-db-1", "  shop-web-1"));
  const auto lines = lines_of(history_.entries(), options_);
  EXPECT_DOUBLE_EQ(lines[4].shown().row.cpu_cores.value(), 0.75);
  options_.folded.insert(lines[4].key);
  EXPECT_THAT(shown(),
              ElementsAre("- /docker", "  alone", "- pod prod/api-0", "  api", "+ project shop"));
}

TEST_F(Lines, ByCgroupAsTheyAreNested) {
  StatsRow slice = unit_row("system.slice");
  slice.cgroup = "/system.slice";
  const StatsRow unit = unit_row("nginx.service");
  StatsRow deep = calm_row("inner", '5');
  deep.cgroup = "/system.slice/nginx.service/a/b";
  StatsRow bare = unit_row("/system.slice/own/part");
  bare.cgroup = bare.name;
  have({slice, unit, deep, bare, calm_row("web", '1')});
  options_.tree = Tree::kCgroups;
  options_.visibility = Visibility::kAllCgroups;
  EXPECT_THAT(shown(),
              ElementsAre("- system.slice", "  own/part", "  - nginx.service", "    inner", "web"));
  options_.folded.insert("/system.slice");
  EXPECT_THAT(shown(), ElementsAre("+ system.slice", "web"));
}

TEST_F(Lines, UnitsAreForThoseWhoAsk) {
  have({unit_row("nginx.service"), calm_row("web", '1')});
  EXPECT_THAT(shown(), ElementsAre("web"));
  options_.visibility = Visibility::kAllCgroups;
  EXPECT_THAT(shown(), ElementsAre("nginx.service", "web"));
}

TEST_F(Lines, TallyNamesTheWorst) {
  StatsRow near = calm_row("near", '2');
  near.throttled = 0.5;
  have({calm_row("calm", '1'), near, full_row("full", '3')});
  const Tally result = tally(history_.entries(), Visibility::kContainers);
  EXPECT_EQ(result.visible, 3U);
  EXPECT_EQ(result.alarms, 1U);
  EXPECT_EQ(result.warnings, 1U);
  ASSERT_EQ(result.worst.size(), 2U);
  EXPECT_EQ(result.worst[0]->row.name, "full");
  EXPECT_DOUBLE_EQ(result.total.row.cpu_cores.value(), 0.75);
}

}  // namespace
}  // namespace plimsoll::agent::top
