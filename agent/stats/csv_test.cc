#include "agent/stats/csv.h"

#include <gtest/gtest.h>

#include "agent/stats/render.h"
#include "agent/stats/sample_rows.h"

namespace plimsoll::agent {
namespace {

const WallTime kNow(std::chrono::seconds(1'763'681'581 + 615));

std::string csv(const std::vector<StatsRow>& rows, std::string_view columns = "") {
  const auto format = parse_output_format("csv", columns);
  if (!format) return "ERROR " + std::string(format.error().op) + ": " + format.error().subject;
  return render_head(*format) + render(*format, rows, {.now = kNow});
}

TEST(Csv, HasANameForEachValueThenARowPerContainer) {
  StatsRow row = busy_row("web", 'a');
  row.compose_project = "shop";
  row.compose_service = "front";
  EXPECT_EQ(csv({row}),
            "timestamp,host,id,name,runtime,image,cgroup,compose_project,compose_service,"
            "pod_namespace,pod,cpu_percent,cpu_nanoseconds,cpu_limit_cores,throttled_percent,"
            "memory_bytes,memory_limit_bytes,memory_percent,network_receive_bytes,"
            "network_transmit_bytes,block_read_bytes,block_write_bytes,pids,pids_limit,"
            "pressure_cpu_percent,pressure_memory_percent,pressure_io_percent,oom_kills\n"
            "2025-11-20T23:43:16.000000000Z,," +
                hex_id('a') + ",web,docker,nginx:1.25,/docker/" + hex_id('a') +
                ",shop,front,,,123.45,61500000000,1.5,12.5,95367432,1073741824,8.881784,2230000,"
                "90,1500,2500000,7,100,50,0,1.23,2\n");
}

TEST(Csv, NothingIsItsHeader) {
  EXPECT_EQ(csv({}, "name,pids"), "timestamp,name,pids\n");
}

TEST(Csv, WhatIsNotKnownIsEmptyAndWhatIsUnlimitedIsInf) {
  StatsRow row = docker_row("web", 'a');
  row.cpu_limit = Limit<double>::none();
  row.memory_limit = Limit<std::uint64_t>::none();
  EXPECT_EQ(csv({row}, "name,cpu,limits,mem,psi"),
            "timestamp,name,cpu_percent,cpu_nanoseconds,cpu_limit_cores,pids_limit,memory_bytes,"
            "memory_limit_bytes,pressure_cpu_percent,pressure_memory_percent,"
            "pressure_io_percent\n"
            "2025-11-20T23:43:16.000000000Z,web,,,inf,,,inf,,,\n");
}

TEST(Csv, ColumnsComeOnceAndInTheOrderAskedFor) {
  EXPECT_EQ(csv({busy_row("web", 'a')}, "pids,time,name,pids"),
            "timestamp,pids,name\n2025-11-20T23:43:16.000000000Z,7,web\n");
}

TEST(Csv, PlusAddsWhatIsNotThereAnyway) {
  const std::string all = csv({});
  const std::string more = csv({}, "+avg,+created,+psi");
  EXPECT_EQ(more, all.substr(0, all.size() - 1) + ",average_cpu_percent,created\n");
  const std::string row = csv({busy_row("web", 'a')}, "+avg,+created");
  EXPECT_TRUE(row.ends_with(",2,10,2025-11-20T23:33:01.000000000Z\n")) << row;
}

TEST(Csv, EveryColumnHasValues) {
  for (const ColumnInfo& column : columns()) {
    const auto fields = raw_fields_of({&column}, false);
    EXPECT_TRUE(fields.size() > 1 || column.key == "time") << column.key;
  }
}

struct NameCase {
  std::string name;
  std::string cell;
};
class CsvNames : public ::testing::TestWithParam<NameCase> {};

TEST_P(CsvNames, AreQuotedWhereTheyMustBe) {
  EXPECT_EQ(csv({docker_row(GetParam().name, 'a')}, "name,pids"),
            "timestamp,name,pids\n2025-11-20T23:43:16.000000000Z," + GetParam().cell + ",\n");
}

INSTANTIATE_TEST_SUITE_P(, CsvNames,
                         ::testing::Values(NameCase{"a b", "a b"}, NameCase{"a,b", "\"a,b\""},
                                           NameCase{"say \"a\"", "\"say \"\"a\"\"\""},
                                           NameCase{"a\nb\033[2J", "a?b?[2J"},
                                           NameCase{"a\r\n,b", "\"a??,b\""}));

TEST(Csv, UnknownColumnsAreNamed) {
  EXPECT_TRUE(csv({}, "cpu,foo").starts_with("ERROR --columns: unknown column 'foo'"));
}

}  // namespace
}  // namespace plimsoll::agent
