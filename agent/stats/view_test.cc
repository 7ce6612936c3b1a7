#include "agent/stats/view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/stats/sample_rows.h"
#include "agent/stats/stats_flags.h"

namespace plimsoll::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

StatsRow pod_row(char digit) {
  StatsRow row = docker_row("shop/web-0/nginx", digit);
  row.runtime = "containerd";
  row.cgroup = "/kubepods/pod1/" + row.id;
  row.pod_name = "web-0";
  row.pod_namespace = "shop";
  row.pod_container = "nginx";
  return row;
}

StatsRow compose_row(std::string name, char digit) {
  StatsRow row = docker_row(std::move(name), digit);
  row.compose_project = "shop";
  row.compose_service = "db";
  row.labels = {{"com.docker.compose.project", "shop"}, {"tier", "back"}};
  return row;
}

StatsFrame host() {
  StatsFrame frame;
  frame.rows = {busy_row("web", 'a'), compose_row("shop-db-1", 'b'), pod_row('c'),
                unit_row("nginx.service")};
  StatsRow pause = pod_row('d');
  pause.name = "shop/web-0";
  pause.sandbox = true;
  frame.rows.push_back(pause);
  return frame;
}

std::vector<std::string> names(const std::vector<StatsRow>& rows) {
  std::vector<std::string> result;
  for (const StatsRow& row : rows) result.push_back(row.name);
  return result;
}

// What `plimsoll stats` with these flags shows of this host; the complaint if it refuses.
std::vector<std::string> shown(const StatsFlags& flags, const StatsFrame& frame = host()) {
  const auto options = parse_stats_flags(flags);
  if (!options) return {std::string(options.error().op) + ": " + options.error().subject};
  StatsView view(options->view);
  const std::vector<std::string> problems = view.begin(frame);
  return problems.empty() ? names(view.rows(frame)) : problems;
}

TEST(Visibility, IsContainersUnlessAskedForMore) {
  EXPECT_THAT(shown({}), ElementsAre("shop-db-1", "shop/web-0/nginx", "web"));
  EXPECT_THAT(shown({.all = true}),
              ElementsAre("shop-db-1", "shop/web-0", "shop/web-0/nginx", "web"));
  EXPECT_THAT(shown({.all_cgroups = true}),
              ElementsAre("shop-db-1", "shop/web-0", "shop/web-0/nginx", "web", "nginx.service"));
}

struct FilterCase {
  std::vector<std::string> filters;
  std::vector<std::string> expected;
};
class FilterTable : public ::testing::TestWithParam<FilterCase> {};

TEST_P(FilterTable, Selects) {
  EXPECT_EQ(shown({.filters = GetParam().filters}), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    , FilterTable,
    ::testing::Values(
        FilterCase{{"name=we"}, {"shop/web-0/nginx", "web"}}, FilterCase{{"name=w?b"}, {"web"}},
        FilterCase{{"name=web", "name=db"}, {"shop-db-1", "shop/web-0/nginx", "web"}},
        FilterCase{{"id=aaaa"}, {"web"}}, FilterCase{{"runtime=containerd"}, {"shop/web-0/nginx"}},
        FilterCase{{"runtime=docker", "name=db"}, {"shop-db-1"}},
        FilterCase{{"runtime=systemd"}, {"nginx.service"}},
        FilterCase{{"image=nginx"}, {"shop-db-1", "shop/web-0/nginx", "web"}},
        FilterCase{{"image=ngin"}, {}},
        FilterCase{{"image=*1.25", "name=web"}, {"shop/web-0/nginx", "web"}},
        FilterCase{{"label=tier"}, {"shop-db-1"}}, FilterCase{{"label=tier=back"}, {"shop-db-1"}},
        FilterCase{{"label=tier=front"}, {}}, FilterCase{{"label=tier", "label=other"}, {}},
        FilterCase{{"project=shop"}, {"shop-db-1"}}, FilterCase{{"compose=sh*"}, {"shop-db-1"}},
        FilterCase{{"service=db"}, {"shop-db-1"}}, FilterCase{{"pod=web-0"}, {"shop/web-0/nginx"}},
        FilterCase{{"pod=shop/*"}, {"shop/web-0/nginx"}}, FilterCase{{"namespace=other"}, {}},
        FilterCase{{"cgroup=/system.slice/*"}, {"nginx.service"}}));

TEST(Filters, NameTheWordTheyRefuse) {
  EXPECT_THAT(shown({.filters = {"name"}}), ElementsAre(HasSubstr("'name' is not key=value")));
  EXPECT_THAT(shown({.filters = {"name="}}), ElementsAre(HasSubstr("'name=' is not key=value")));
  EXPECT_THAT(shown({.filters = {"size=3"}}),
              ElementsAre(HasSubstr("--filter: unknown key 'size' (keys: name id")));
}

struct ReferenceCase {
  const char* word;
  const char* expected;  // A name, or a part of the problem.
};
class ReferenceTable : public ::testing::TestWithParam<ReferenceCase> {};

TEST_P(ReferenceTable, Resolves) {
  EXPECT_THAT(shown({.references = {GetParam().word}}),
              ElementsAre(HasSubstr(GetParam().expected)));
}

const std::string kFullId = hex_id('a');
INSTANTIATE_TEST_SUITE_P(
    , ReferenceTable,
    ::testing::Values(ReferenceCase{"web", "web"}, ReferenceCase{"/web", "web"},
                      ReferenceCase{"a", "web"}, ReferenceCase{kFullId.c_str(), "web"},
                      ReferenceCase{"bbbbbb", "shop-db-1"}, ReferenceCase{"docker:web", "web"},
                      ReferenceCase{"docker:b", "shop-db-1"},
                      ReferenceCase{"nginx.service", "nginx.service"},
                      ReferenceCase{"/system.slice/nginx.service", "nginx.service"},
                      ReferenceCase{"shop/web-0/nginx", "shop/web-0/nginx"},
                      ReferenceCase{"nothing", "no container, unit or cgroup is called 'nothing'"},
                      ReferenceCase{"", "is not unique"},
                      ReferenceCase{"docker:nginx.service", "no container"},
                      ReferenceCase{"lxc:web", "no container"}, ReferenceCase{"/", "no container"},
                      ReferenceCase{"web-0/nginx", "'web-0/nginx' is not unique"}));

TEST(References, KeepTheOrderAskedAndTheWord) {
  const auto options = parse_stats_flags({.references = {"web", "shop-db-1", "web"}});
  ASSERT_TRUE(options);
  StatsView view(options->view);
  const StatsFrame frame = host();
  ASSERT_THAT(view.begin(frame), IsEmpty());
  const std::vector<StatsRow> rows = view.rows(frame);
  EXPECT_THAT(names(rows), ElementsAre("web", "shop-db-1", "web"));
  EXPECT_EQ(rows[0].container, "web");
}

TEST(References, TwoRuntimesMayUseOneName) {
  StatsFrame frame = host();
  StatsRow podman = docker_row("web", 'e');
  podman.runtime = "podman";
  frame.rows.push_back(podman);
  EXPECT_THAT(shown({.references = {"web"}}, frame),
              ElementsAre("'web' is not unique: docker:web podman:web; give more of the id, or "
                          "runtime:name"));
  EXPECT_THAT(shown({.references = {"podman:web"}}, frame), ElementsAre("web"));
}

TEST(References, AContainerThatEndedKeepsItsLineWithoutNumbers) {
  const auto options = parse_stats_flags({.references = {"web"}});
  ASSERT_TRUE(options);
  StatsView view(options->view);
  ASSERT_THAT(view.begin(host()), IsEmpty());
  const StatsFrame later;
  const std::vector<StatsRow> rows = view.rows(later);
  ASSERT_THAT(names(rows), ElementsAre("web"));
  EXPECT_EQ(rows[0].cpu_cores, std::nullopt);
  EXPECT_EQ(rows[0].image, "nginx:1.25");
  EXPECT_THAT(view.text(later, {}), HasSubstr("web       --        -- / --"));
}

StatsFrame numbered() {
  StatsFrame frame;
  frame.rows = {busy_row("b", 'b'), busy_row("c", 'c'), docker_row("none", 'd'),
                busy_row("a", 'a')};
  frame.rows[0].cpu_cores = 0.5;
  frame.rows[1].cpu_cores = 2;
  frame.rows[3].cpu_cores = 0.5;
  return frame;
}

struct SortCase {
  const char* sort;
  std::vector<std::string> expected;
};
class SortTable : public ::testing::TestWithParam<SortCase> {};

TEST_P(SortTable, Orders) {
  EXPECT_EQ(shown({.sort = GetParam().sort}, numbered()), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(, SortTable,
                         ::testing::Values(SortCase{"", {"a", "b", "c", "none"}},
                                           SortCase{"cpu", {"c", "a", "b", "none"}},
                                           SortCase{"-cpu", {"c", "a", "b", "none"}},
                                           SortCase{"+cpu", {"a", "b", "c", "none"}},
                                           SortCase{"cpu,-name", {"c", "b", "a", "none"}},
                                           SortCase{"-name", {"none", "c", "b", "a"}},
                                           SortCase{"oom,id", {"a", "b", "c", "none"}}));

TEST(Sort, RefusesUnknownColumns) {
  EXPECT_THAT(shown({.sort = "cpu,-foo"}),
              ElementsAre(HasSubstr("--sort: unknown column 'foo' (one of: cpu ")));
}

TEST(Sort, NewestContainerStandsFirst) {
  StatsFrame frame = numbered();
  frame.rows[3].created = *frame.rows[3].created - std::chrono::seconds(5);
  EXPECT_THAT(shown({}, frame), ElementsAre("b", "c", "none", "a"));
}

TEST(Top, CutsAfterSorting) {
  EXPECT_THAT(shown({.sort = "cpu", .top = 2}, numbered()), ElementsAre("c", "a"));
}

TEST(Total, CountsWhatTopHides) {
  const auto options = parse_stats_flags({.total = true, .sort = "cpu", .top = 1});
  ASSERT_TRUE(options);
  StatsView view(options->view);
  const std::vector<StatsRow> rows = view.rows(numbered());
  ASSERT_THAT(names(rows), ElementsAre("c", "TOTAL"));
  EXPECT_EQ(rows[1].cpu_cores, 3.0);
  EXPECT_EQ(rows[1].pids, 21U);
}

TEST(Total, DoesNotCountACgroupWithinAnother) {
  StatsRow slice = unit_row("system.slice");
  slice.cgroup = "/system.slice";
  slice.memory = 100;
  StatsRow inner = unit_row("a.service");
  inner.memory = 60;
  StatsRow sibling = unit_row("system.slice2");
  sibling.cgroup = "/system.slice2";
  sibling.memory = 1;
  EXPECT_EQ(total_of({slice, inner, sibling}).memory, 101U);
  EXPECT_EQ(total_of({}).memory, std::nullopt);
}

StatsFrame two_hosts() {
  StatsFrame frame;
  for (const char* name : {"a:7546", "b:7546"}) {
    frame.rows.push_back(busy_row("web", 'a'));
    frame.rows.back().host = name;
  }
  frame.rows[1].cpu_cores = 9;
  frame.rows[1].machine_memory = std::uint64_t{1} << 30;
  return frame;
}

TEST(Hosts, TellRowsApartThatAreOtherwiseEqual) {
  EXPECT_THAT(shown({.references = {"web"}}, two_hosts()),
              ElementsAre("'web' is not unique: a:7546/web b:7546/web; give more of the id, or "
                          "HOST/NAME"));
  const auto options = parse_stats_flags({.references = {"b:7546/web"}});
  ASSERT_TRUE(options);
  StatsView view(options->view);
  EXPECT_THAT(view.begin(two_hosts()), IsEmpty());
  const std::vector<StatsRow> rows = view.rows(two_hosts());
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].host, "b:7546");
}

TEST(Hosts, AreFilteredSortedAndSummed) {
  for (const char* filter : {"host=b", "host=b:7546", "host=b*"})
    EXPECT_THAT(shown({.filters = {filter}}, two_hosts()), ElementsAre("web")) << filter;
  EXPECT_THAT(shown({.filters = {"host=c"}}, two_hosts()), IsEmpty());
  EXPECT_EQ(total_of(two_hosts().rows).machine_memory, 8'232'402'944U + (1U << 30U));
}

TEST(Hosts, ComeFirstInTheTableOfAllHosts) {
  const auto first_column = [](const StatsFlags& flags) {
    const auto options = parse_stats_flags(flags);
    EXPECT_TRUE(options);
    return options ? options->view.format.columns.front()->key : std::string_view();
  };
  EXPECT_EQ(first_column({.prometheus = "http://host"}), "host");
  EXPECT_EQ(first_column({.columns = "+oom", .prometheus = "http://host"}), "host");
  EXPECT_EQ(first_column({.columns = "name,host", .prometheus = "http://host"}), "name");
  EXPECT_EQ(first_column({}), "id");
  EXPECT_EQ(parse_stats_flags({.prometheus = "http://host"})->source.interval,
            std::chrono::seconds(5));
  EXPECT_EQ(parse_stats_flags({.interval = "2s", .prometheus = "http://host"})->source.interval,
            std::chrono::seconds(2));
}

TEST(StatsFlags, BoundTheSource) {
  const auto once = parse_stats_flags({.no_stream = true});
  ASSERT_TRUE(once);
  EXPECT_TRUE(once->source.once);
  EXPECT_EQ(once->frames, 1U);
  EXPECT_FALSE(once->redraw);
  EXPECT_FALSE(once->source.all_cgroups);
  const auto units = parse_stats_flags({.filters = {"runtime=systemd"}, .interval = "500ms"});
  ASSERT_TRUE(units);
  EXPECT_TRUE(units->source.all_cgroups);
  EXPECT_EQ(units->source.interval, std::chrono::milliseconds(500));
  EXPECT_TRUE(units->redraw);
  // A reference may name a unit.
  EXPECT_TRUE(parse_stats_flags({.references = {"x"}})->source.all_cgroups);
  EXPECT_FALSE(parse_stats_flags({.format = "json"})->redraw);
  EXPECT_FALSE(parse_stats_flags({.format = "csv"})->redraw);
}

TEST(StatsFlags, RefuseWhatMakesNoSense) {
  for (const char* interval : {"", "0", "fast", "-1s", "1ms"})
    EXPECT_THAT(shown({.interval = interval}), ElementsAre(HasSubstr("--interval: '"))) << interval;
  EXPECT_THAT(shown({.local = true, .host = "h:1"}), ElementsAre(HasSubstr("--local")));
  EXPECT_THAT(shown({.host = "h:1", .prometheus = "p"}), ElementsAre(HasSubstr("--prometheus")));
  EXPECT_THAT(shown({.local = true, .prometheus = "p"}), ElementsAre(HasSubstr("--prometheus")));
  EXPECT_THAT(shown({.all = true, .prometheus = "p"}), ElementsAre(HasSubstr("--all")));
  EXPECT_THAT(shown({.match = "a=\"b\""}), ElementsAre(HasSubstr("--match")));
}

}  // namespace
}  // namespace plimsoll::agent
