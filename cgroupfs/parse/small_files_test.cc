// pids.*, cgroup.*, freezer.state, cpuset lists, hugetlb, pressure, misc, rdma.
#include "cgroupfs/parse/cgroup_state.h"
#include "cgroupfs/parse/cpu_list.h"
#include "cgroupfs/parse/hugetlb.h"
#include "cgroupfs/parse/named.h"
#include "cgroupfs/parse/pids.h"
#include "cgroupfs/parse/pressure.h"
#include "cgroupfs/parse/testing.h"

namespace plimsoll::cgroupfs {
namespace {

TEST(PidsEvents, CountsRefusedForks) {
  EXPECT_EQ(parse_pids_events("max 3\n")->max, 3U);
  EXPECT_FALSE(parse_pids_events("")->max);
  EXPECT_FALSE(parse_pids_events("later 1\n")->max);
  expect_malformed(parse_pids_events, {{"Torn", "max 3", "max 3"}, {"NoValue", "max\n", "max"}});
}

TEST(Procs, AreCountedByLine) {
  EXPECT_EQ(*count_procs("1\n27\n0\n"), 3U);
  EXPECT_EQ(*count_procs(""), 0U);
  expect_malformed(count_procs, {{"Torn", "1\n27", "27"},
                                 {"Word", "1\nx\n", "x"},
                                 {"EmptyLine", "1\n\n", ""},
                                 {"Overflow", "4294967296\n", "4294967296"}});
}

TEST(CgroupEvents, ReadsPopulatedAndFrozen) {
  EXPECT_EQ(*parse_cgroup_events("populated 1\nfrozen 0\n"), (CgroupEvents{1, 0}));
  EXPECT_FALSE(parse_cgroup_events("populated 1\n")->frozen);  // Before 5.2.
  EXPECT_EQ(*parse_cgroup_events(""), CgroupEvents{});
  expect_malformed(parse_cgroup_events, {{"Torn", "populated 1\nfro", "fro"}});
}

TEST(CgroupStat, ReadsDescendantsAmongControllerLines) {
  EXPECT_EQ(*parse_cgroup_stat("nr_descendants 3\nnr_subsys_memory 4\nnr_dying_descendants 12\n"
                               "nr_dying_subsys_memory 8\n"),
            (CgroupStat{3, 12}));
  EXPECT_EQ(*parse_cgroup_stat(""), CgroupStat{});
  expect_malformed(parse_cgroup_stat, {{"Negative", "nr_descendants -1\n", "nr_descendants -1"}});
}

TEST(FreezerState, KnowsThreeWords) {
  EXPECT_EQ(*parse_freezer_state("THAWED\n"), FreezerState::kThawed);
  EXPECT_EQ(*parse_freezer_state("FREEZING\n"), FreezerState::kFreezing);
  EXPECT_EQ(*parse_freezer_state("FROZEN\n"), FreezerState::kFrozen);
  expect_malformed(
      parse_freezer_state,
      {{"Empty", "", ""}, {"Torn", "FROZEN", "FROZEN"}, {"Other", "MELTED\n", "MELTED"}});
}

TEST(CpuList, CountsRangesAndSingles) {
  EXPECT_EQ(*parse_cpu_list("0-3,7\n"), (CpuList{"0-3,7", 5}));
  EXPECT_EQ(*parse_cpu_list("0\n"), (CpuList{"0", 1}));
  EXPECT_EQ(*parse_cpu_list("\n"), (CpuList{"", 0}));
  expect_malformed(parse_cpu_list, {{"Empty", "", ""},
                                    {"Torn", "0-3,1", "0-3,1"},
                                    {"Backwards", "3-0\n", "3-0"},
                                    {"TrailingComma", "0,\n", "0,"},
                                    {"LeadingComma", ",0\n", ",0"},
                                    {"HalfRange", "0-\n", "0-"},
                                    {"Word", "all\n", "all"},
                                    {"TwoLines", "0\n1\n", "0"},
                                    {"Overflow", "0-4294967296\n", "0-4294967296"}});
}

TEST(HugetlbPageSize, IsPartOfTheFileName) {
  EXPECT_EQ(hugetlb_page_size("hugetlb.2MB.usage_in_bytes"), "2MB");
  EXPECT_EQ(hugetlb_page_size("hugetlb.1GB.rsvd.current"), "1GB");
  EXPECT_EQ(hugetlb_page_size("hugetlb.64KB.max"), "64KB");
  EXPECT_EQ(hugetlb_page_size("hugetlb.2MB"), std::nullopt);
  EXPECT_EQ(hugetlb_page_size("hugetlb.MB.max"), std::nullopt);
  EXPECT_EQ(hugetlb_page_size("hugetlb.2.max"), std::nullopt);
  EXPECT_EQ(hugetlb_page_size("memory.max"), std::nullopt);
}

TEST(HugetlbEvents, CountsFailuresAtTheLimit) {
  EXPECT_EQ(parse_hugetlb_events("max 2\n")->max, 2U);
  EXPECT_FALSE(parse_hugetlb_events("")->max);
  expect_malformed(parse_hugetlb_events, {{"Torn", "max 2", "max 2"}});
}

TEST(Pressure, ReadsBothLines) {
  EXPECT_EQ(*parse_pressure("some avg10=1.50 avg60=0.02 avg300=0.00 total=5120\n"
                            "full avg10=0.00 avg60=0.00 avg300=99.99 total=18446744073709551615\n"),
            (Pressure{PressureLine{1.5, 0.02, 0, 5120},
                      PressureLine{0, 0, 99.99, 18446744073709551615U}}));
}

TEST(Pressure, ALineThatTheKernelDoesNotPrintIsAbsent) {
  const auto some = parse_pressure("some avg10=0.00 avg60=0.00 avg300=0.00 total=7\n");
  EXPECT_EQ(some->some->total_usec, 7U);
  EXPECT_FALSE(some->full);
  EXPECT_FALSE(parse_pressure("full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n")->some);
  EXPECT_EQ(*parse_pressure(""), Pressure{});
  EXPECT_EQ(parse_pressure("any total=1\nsome avg5=x total=2\n")->some->total_usec, 2U);
}

TEST(Pressure, NamesTheOffendingLine) {
  expect_malformed(
      parse_pressure,
      {{"Torn", "some avg10=0.00 avg60=0.00 avg300=0.00 tot",
        "some avg10=0.00 avg60=0.00 avg300=0.00 tot"},
       {"NoTotal", "some avg10=0.00\n", "some avg10=0.00"},
       {"OnlyKind", "some\n", "some"},
       {"BadAverage", "some avg10=x total=1\n", "some avg10=x total=1"},
       {"Word", "some total=1 now\n", "some total=1 now"},
       {"Overflow", "some total=18446744073709551616\n", "some total=18446744073709551616"},
       {"Negative", "full total=-1\n", "full total=-1"},
       {"EmptyLine", "\n", ""}});
}

using Named = std::vector<NamedValue>;
using L = Limit<std::uint64_t>;
Result<Named> misc(std::string_view text) {
  return drain(MiscLines(text));
}
Result<Named> rdma(std::string_view text) {
  return drain(RdmaLines(text));
}

TEST(Misc, NamesResources) {
  EXPECT_EQ(*misc("sev 2\nsev_es max\n"), (Named{{"", "sev", L(2)}, {"", "sev_es", L::none()}}));
  EXPECT_EQ(*misc(""), Named{});
  expect_malformed(misc, {{"Torn", "sev 2\nsev_es 1", "sev_es 1"},
                          {"NoValue", "sev\n", "sev"},
                          {"Word", "sev some\n", "sev some"},
                          {"TwoValues", "sev 1 2\n", "sev 1 2"},
                          {"Overflow", "sev 18446744073709551616\n", "sev 18446744073709551616"},
                          {"EmptyLine", "\n", ""}});
}

TEST(Rdma, NamesDevicesAndResources) {
  EXPECT_EQ(*rdma("mlx4_0 hca_handle=2 hca_object=max\nocrdma1 hca_handle=0 hca_object=3\n"),
            (Named{{"mlx4_0", "hca_handle", L(2)},
                   {"mlx4_0", "hca_object", L::none()},
                   {"ocrdma1", "hca_handle", L(0)},
                   {"ocrdma1", "hca_object", L(3)}}));
  EXPECT_EQ(*rdma(""), Named{});
  EXPECT_EQ(*rdma("mlx4_0 \n"), Named{});
  expect_malformed(rdma, {{"Torn", "mlx4_0 hca_handle=2 hca_o", "mlx4_0 hca_handle=2 hca_o"},
                          {"NoDevice", "hca_handle=2\n", "hca_handle=2"},
                          {"NoValue", "mlx4_0 hca_handle=\n", "mlx4_0 hca_handle="},
                          {"NoName", "mlx4_0 =2\n", "mlx4_0 =2"},
                          {"Word", "mlx4_0 hca_handle\n", "mlx4_0 hca_handle"},
                          {"EmptyLine", "\n", ""}});
}

}  // namespace
}  // namespace plimsoll::cgroupfs
