#include "agent/stats/render.h"

#include <gtest/gtest.h>

#include "agent/stats/sample_rows.h"

namespace plimsoll::agent {
namespace {

constexpr const char* kDockersTable =
    R"(CONTAINER ID   NAME      CPU %     MEM USAGE / LIMIT     MEM %     NET I/O           BLOCK I/O         PIDS
000000000000   c0        0.00%     0B / 1B               0.00%     0B / 0B           0B / 0B           3
000000000000   c1        12.35%    1B / 3B               33.33%    1B / 7B           1B / 0B           3
000000000000   c2        24.69%    999B / 2.927KiB       33.33%    999B / 6.99kB     999B / 333B       3
000000000000   c3        37.04%    1000B / 2.93KiB       33.33%    1kB / 7kB         1kB / 333B        3
000000000000   c4        49.38%    1KiB / 3KiB           33.33%    1.02kB / 7.17kB   1.02kB / 341B     3
000000000000   c5        61.72%    9.999KiB / 30KiB      33.33%    10.2kB / 71.7kB   10.2kB / 3.41kB   3
000000000000   c6        74.07%    97.61KiB / 292.8KiB   33.33%    99.9kB / 700kB    99.9kB / 33.3kB   3
000000000000   c7        86.41%    976.1KiB / 2.86MiB    33.33%    999kB / 7MB       999kB / 333kB     3
000000000000   c8        98.76%    1024KiB / 3MiB        33.33%    1.05MB / 7.34MB   1.05MB / 350kB    3
000000000000   c9        111.11%   1MiB / 3MiB           33.33%    1.05MB / 7.34MB   1.05MB / 350kB    3
000000000000   c10       123.45%   11.77MiB / 35.32MiB   33.33%    12.3MB / 86.4MB   12.3MB / 4.12MB   3
000000000000   c11       135.79%   1024MiB / 3GiB        33.33%    1.07GB / 7.52GB   1.07GB / 358MB    3
000000000000   c12       148.14%   7.667GiB / 23GiB      33.33%    8.23GB / 57.6GB   8.23GB / 2.74GB   3
000000000000   c13       160.49%   1GiB / 3GiB           33.33%    1.07GB / 7.52GB   1.07GB / 358MB    3
)";

const WallTime kNow(std::chrono::seconds(1'763'681'581 + 615));

TextStyle style(IdText ids = IdText::kShort, NumberText numbers = NumberText::kUnits) {
  return {.ids = ids, .numbers = numbers, .now = kNow};
}

std::string rendered(std::string_view format, const std::vector<StatsRow>& rows,
                     std::string_view columns = "", const TextStyle& text_style = style(),
                     std::optional<std::size_t> width = {}) {
  const auto parsed = parse_output_format(format, columns);
  if (!parsed) return "ERROR " + std::string(parsed.error().op) + ": " + parsed.error().subject;
  return render(*parsed, rows, text_style, width);
}

TEST(Render, TableIsDockersByteForByte) {
  // Recorded from docker 28.2.2, given these numbers by a stand-in for its daemon.
  const std::vector<std::uint64_t> sizes = {
      0,       1,         999,     1000,       1024,          10'239,     99'949,
      999'499, 1'048'575, 1 << 20, 12'345'678, 1'073'741'823, 8232402944, 1 << 30};
  std::vector<StatsRow> rows;
  for (const std::uint64_t size : sizes) {
    StatsRow row = docker_row("c" + std::to_string(rows.size()), '0');
    row.cpu_cores = static_cast<double>(rows.size() * 123'450) / 1e6;
    row.machine_memory.reset();
    row.memory = size;
    row.memory_limit = Limit<std::uint64_t>(std::max<std::uint64_t>(size * 3, 1));
    row.net_rx = row.block_read = size;
    row.net_tx = size * 7;
    row.block_write = size / 3;
    row.pids = 3;
    rows.push_back(row);
  }
  EXPECT_EQ(rendered("", rows), kDockersTable);
}

TEST(Render, WhatIsNotKnownIsDashes) {
  EXPECT_EQ(
      rendered("", {docker_row("new", 'b')}),
      "CONTAINER ID   NAME      CPU %     MEM USAGE / LIMIT   MEM %     NET I/O   BLOCK I/O   "
      "PIDS\n"
      "bbbbbbbbbbbb   new       --        -- / 7.667GiB       --        --        --          "
      "--\n");
}

TEST(Render, TableOfNothingIsItsHeader) {
  EXPECT_EQ(
      rendered("table", {}),
      "CONTAINER ID   NAME      CPU %     MEM USAGE / LIMIT   MEM %     NET I/O   BLOCK I/O   "
      "PIDS\n");
}

TEST(Render, NoTruncGivesWholeIds) {
  EXPECT_EQ(rendered("{{.ID}}", {docker_row("web", 'a')}, "", style(IdText::kFull)),
            hex_id('a') + "\n");
}

TEST(Render, TableTemplateHasHeaders) {
  EXPECT_EQ(rendered(R"(table {{.Name}}\t{{upper .CPUPerc}}\t{{.PIDs}})",
                     {busy_row("web", 'a'), busy_row("a-longer-name", 'b')}),
            "NAME            CPU %     PIDS\n"
            "web             123.45%   7\n"
            "a-longer-name   123.45%   7\n");
}

TEST(Render, TemplateIsALinePerRow) {
  EXPECT_EQ(rendered("{{.Name}}={{.MemPerc}} ", {busy_row("web", 'a'), docker_row("db", 'b')}),
            "web=8.88%\ndb=--\n");
}

TEST(Render, PodmansFieldsAreNumbers) {
  EXPECT_EQ(
      rendered("{{.CPUNano}} {{.CPUSystemNano}} {{.MemLimit}} {{.NetInput}} {{.NetOutput}} "
               "{{.BlockInput}} {{.BlockOutput}} {{.PIDS}} {{.CPU}} {{.UpTime}} {{.AVGCPU}} "
               "{{.AvgCPU}}",
               {busy_row("web", 'a')}),
      "61500000000 1500000000 1073741824 2230000 90 1500 2500000 7 123.45 1m1.5s 10.00% 10\n");
}

TEST(Render, OurColumnsAreAdded) {
  EXPECT_EQ(
      rendered("", {busy_row("web", 'a'), docker_row("db", 'b')},
               "name,limits,throttled,psi,oom,runtime"),
      "NAME      LIMITS               THROTTLED   PSI CPU / MEM / IO       OOM       RUNTIME\n"
      "web       1.5 cpus, 100 pids   12.50%      50.00% / 0.00% / 1.23%   2         docker\n"
      "db        --                   --          --                       --        docker\n");
}

TEST(Render, PlusAddsToDockersColumns) {
  const std::string text = rendered("", {}, "+oom,+image");
  EXPECT_NE(text.find("PIDS      OOM       IMAGE\n"), std::string::npos) << text;
}

TEST(Render, UnlimitedIsAWordAndNotANumber) {
  StatsRow row = docker_row("web", 'a');
  row.cpu_limit = Limit<double>::none();
  row.pids_limit = Limit<std::uint64_t>::none();
  row.memory_limit = Limit<std::uint64_t>::none();
  EXPECT_EQ(rendered("{{.Limits}} {{.CPULimit}} {{.PIDsLimit}} {{.MemLimit}}", {row}),
            "none none none 8232402944\n");
}

TEST(Render, MemoryLimitIsNeverMoreThanTheMachineHas) {
  StatsRow row = busy_row("web", 'a');
  row.memory_limit = Limit<std::uint64_t>(std::uint64_t{1} << 60);
  EXPECT_EQ(rendered("{{.MemUsage}}", {row}), "90.95MiB / 7.667GiB\n");
}

TEST(Render, RawIsPlainNumbers) {
  EXPECT_EQ(rendered("{{.CPUPerc}} {{.MemUsage}} {{.NetIO}}", {busy_row("web", 'a')}, "",
                     style(IdText::kShort, NumberText::kRaw)),
            "123.45 95367432 / 1073741824 2230000 / 90\n");
}

TEST(Render, JsonHasDockersKeys) {
  EXPECT_EQ(rendered("json", {busy_row("web", 'a')}),
            R"({"BlockIO":"1.5kB / 2.5MB","CPUPerc":"123.45%","Container":"aaaaaaaaaaaa",)"
            R"("ID":"aaaaaaaaaaaa","MemPerc":"8.88%","MemUsage":"90.95MiB / 1GiB","Name":"web",)"
            R"("NetIO":"2.23MB / 90B","PIDs":"7"})"
            "\n");
  EXPECT_EQ(rendered("{{json .}}", {busy_row("web", 'a')}),
            rendered("json", {busy_row("web", 'a')}));
}

TEST(Render, JsonTakesFurtherColumns) {
  const std::string text = rendered("json", {busy_row("web", 'a')}, "+oom");
  EXPECT_NE(text.find(R"("OOM":"2","PIDs":"7")"), std::string::npos) << text;
}

TEST(Render, RawJsonIsBaseUnitsAndLeavesOutWhatIsAbsent) {
  StatsRow row = docker_row("web", 'a');
  row.cpu_cores = static_cast<double>(0.123F);
  row.memory = 4096;
  row.memory_limit = Limit<std::uint64_t>::none();
  row.cpu_limit = Limit<double>(0.5);
  EXPECT_EQ(rendered("json", {row}, "", style(IdText::kShort, NumberText::kRaw)),
            R"({"timestamp":"2025-11-20T23:43:16.000000000Z","id":")" + hex_id('a') +
                R"(","name":"web","runtime":"docker","image":"nginx:1.25","cgroup":"/docker/)" +
                hex_id('a') +
                R"(","cpu_percent":12.3,"cpu_limit_cores":0.5,"memory_bytes":4096,)"
                R"("memory_limit_bytes":null,"memory_percent":4.975461e-05})"
                "\n");
}

TEST(Render, HostileNamesStayOnTheirLine) {
  StatsRow row = docker_row("evil\033[2J\n\tname", 'a');
  EXPECT_EQ(rendered("{{.Name}}|", {row}), "evil?[2J??name|\n");
}

TEST(Render, NarrowTerminalKeepsNameCpuAndMemory) {
  const std::string text =
      rendered("", {busy_row("a-container-with-a-long-name", 'a')}, "", style(), 60);
  EXPECT_EQ(text,
            "NAME                          CPU %    MEM USAGE / LIMIT\n"
            "a-container-with-a-long-name  123.45%  90.95MiB / 1GiB\n");
}

TEST(Render, ChosenColumnsAreNotLeftOut) {
  const std::string text = rendered("", {busy_row("web", 'a')}, "id,name,pids", style(), 20);
  EXPECT_EQ(text, "CONTAINER ID  NAME …\naaaaaaaaaaaa  web  …\n");
}

struct BadFormat {
  const char* format;
  const char* columns;
  const char* says;
};
class BadFormats : public ::testing::TestWithParam<BadFormat> {};

TEST_P(BadFormats, NameOptionAndPlace) {
  const std::string text = rendered(GetParam().format, {}, GetParam().columns);
  EXPECT_TRUE(text.starts_with(GetParam().says)) << text;
}

INSTANTIATE_TEST_SUITE_P(
    , BadFormats,
    ::testing::Values(
        BadFormat{"table {{.Foo}}", "", "ERROR --format: column 9: unknown field .Foo (fields: "},
        BadFormat{"  {{.Foo}}", "", "ERROR --format: column 5: unknown field .Foo"},
        BadFormat{"", "cpu,foo", "ERROR --columns: unknown column 'foo' (one of: id name cpu mem"},
        BadFormat{"", "cpu,", "CPU %\n"}, BadFormat{"", ",", "ERROR --columns: unknown column ''"},
        BadFormat{"{{.Name}}", "cpu", "ERROR --columns: goes with the table"}));

TEST(ScreenFrame, DrawsOverThePreviousOne) {
  EXPECT_EQ(screen_frame("a\nb\n", 24), "\033[Ha\033[K\nb\033[K\n\033[J");
}

TEST(ScreenFrame, SaysHowManyLinesAreHidden) {
  EXPECT_EQ(screen_frame("h\n1\n2\n3\n4\n", 5),
            "\033[Hh\033[K\n1\033[K\n2\033[K\n(2 more: --sort, --top N, --filter)\033[K\n\033[J");
  EXPECT_EQ(screen_frame("h\n1\n2\n3\n", 5), "\033[Hh\033[K\n1\033[K\n2\033[K\n3\033[K\n\033[J");
}

// Every column and every docker and podman placeholder there is must be known.
TEST(Fields, CoverDockersAndPodmans) {
  for (const char* name :
       {"Container",   "ID",           "Name",      "CPUPerc", "MemUsage",      "MemPerc",
        "NetIO",       "BlockIO",      "PIDs",      "AVGCPU",  "AvgCPU",        "BlockInput",
        "BlockOutput", "ContainerID",  "CPU",       "CPUNano", "CPUSystemNano", "Duration",
        "MemLimit",    "NetInput",     "NetOutput", "PIDS",    "SystemNano",    "Up",
        "UpTime",      "MemUsageBytes"})
    EXPECT_NE(find_field(name), nullptr) << name;
  for (const ColumnInfo& column : columns()) {
    EXPECT_NE(find_field(column.field), nullptr) << column.field;
    EXPECT_FALSE(column.help.empty());
  }
}

}  // namespace
}  // namespace plimsoll::agent
