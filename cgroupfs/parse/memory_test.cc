// memory.stat, memory.events, memory.oom_control, memory.numa_stat.
#include "cgroupfs/parse/memory_events.h"
#include "cgroupfs/parse/memory_stat.h"
#include "cgroupfs/parse/numa_stat.h"
#include "cgroupfs/parse/testing.h"

namespace plimsoll::cgroupfs {
namespace {

// As Linux 6.18 prints it, in its order; values made distinct.
constexpr std::string_view kStatV1 =
    "cache 1\nrss 2\nrss_huge 3\nshmem 4\nmapped_file 5\ndirty 6\nwriteback 7\n"
    "workingset_refault_anon 8\nworkingset_refault_file 9\nswap 10\nswapcached 11\npgpgin 12\n"
    "pgpgout 13\npgfault 14\npgmajfault 15\ninactive_anon 16\nactive_anon 17\ninactive_file 18\n"
    "active_file 19\nunevictable 20\nhierarchical_memory_limit 9223372036854771712\n"
    "hierarchical_memsw_limit 9223372036854771712\ntotal_cache 101\ntotal_rss 102\n"
    "total_rss_huge 103\ntotal_shmem 104\ntotal_mapped_file 105\ntotal_dirty 106\n"
    "total_writeback 107\ntotal_workingset_refault_anon 108\ntotal_workingset_refault_file 109\n"
    "total_swap 110\ntotal_swapcached 111\ntotal_pgpgin 112\ntotal_pgpgout 113\n"
    "total_pgfault 114\ntotal_pgmajfault 115\ntotal_inactive_anon 116\ntotal_active_anon 117\n"
    "total_inactive_file 118\ntotal_active_file 119\ntotal_unevictable 120\n";

TEST(MemoryStatV1, ReadsOwnAndTotalKeys) {
  const auto stat = parse_memory_stat_v1(kStatV1);
  ASSERT_TRUE(stat) << stat.error().message();
  EXPECT_EQ(stat->cache, 1U);
  EXPECT_EQ(stat->rss, 2U);
  EXPECT_EQ(stat->shmem, 4U);
  EXPECT_EQ(stat->mapped_file, 5U);
  EXPECT_EQ(stat->dirty, 6U);
  EXPECT_EQ(stat->writeback, 7U);
  EXPECT_EQ(stat->swap, 10U);
  EXPECT_EQ(stat->pgfault, 14U);
  EXPECT_EQ(stat->pgmajfault, 15U);
  EXPECT_EQ(stat->inactive_file, 18U);
  EXPECT_EQ(stat->total_cache, 101U);
  EXPECT_EQ(stat->total_rss, 102U);
  EXPECT_EQ(stat->total_workingset_refault_file, 109U);
  EXPECT_EQ(stat->total_swap, 110U);
  EXPECT_EQ(stat->total_rss_huge, 103U);
  EXPECT_EQ(stat->total_swapcached, 111U);
  EXPECT_EQ(stat->total_pgpgin, 112U);
  EXPECT_EQ(stat->total_pgpgout, 113U);
  EXPECT_EQ(stat->total_inactive_file, 118U);
  EXPECT_EQ(stat->total_unevictable, 120U);
}

TEST(MemoryStatV1, KeysMissingInOldKernelsAreAbsent) {
  const auto stat = parse_memory_stat_v1("cache 8192\nrss 4096\ntotal_cache 8192\n");
  EXPECT_EQ(stat->rss, 4096U);
  EXPECT_FALSE(stat->shmem);
  EXPECT_FALSE(stat->total_rss);
  EXPECT_EQ(*parse_memory_stat_v1(""), MemoryStatV1{});
}

TEST(MemoryStatV1, NamesTheOffendingLine) {
  expect_malformed(parse_memory_stat_v1,
                   {{"Torn", "cache 1\nrss 2\ntotal_ca", "total_ca"},
                    {"Overflow", "rss 18446744073709551616\n", "rss 18446744073709551616"},
                    {"Negative", "cache 1\ntotal_rss -4096\n", "total_rss -4096"}});
}

TEST(MemoryStatV2, ReadsKeysAndSkipsTheRest) {
  const auto stat = parse_memory_stat_v2(
      "anon 1\nfile 2\nkernel 3\nkernel_stack 4\npagetables 5\nsec_pagetables 6\npercpu 7\nsock 8\n"
      "vmalloc 9\nshmem 10\nzswap 11\nzswapped 12\nfile_mapped 13\nfile_dirty 14\n"
      "file_writeback 15\nswapcached 16\nanon_thp 17\nfile_thp 18\nshmem_thp 19\n"
      "inactive_anon 20\nactive_anon 21\ninactive_file 22\nactive_file 23\nunevictable 24\n"
      "slab_reclaimable 25\nslab_unreclaimable 26\nslab 27\nworkingset_refault_anon 28\n"
      "workingset_refault_file 29\nworkingset_activate_anon 30\npgscan 31\npgsteal 32\n"
      "pgscan_kswapd 33\npgfault 34\npgmajfault 35\nthp_of_the_future 36\n");
  ASSERT_TRUE(stat) << stat.error().message();
  EXPECT_EQ(stat->anon, 1U);
  EXPECT_EQ(stat->file, 2U);
  EXPECT_EQ(stat->kernel, 3U);
  EXPECT_EQ(stat->sock, 8U);
  EXPECT_EQ(stat->shmem, 10U);
  EXPECT_EQ(stat->file_mapped, 13U);
  EXPECT_EQ(stat->file_dirty, 14U);
  EXPECT_EQ(stat->file_writeback, 15U);
  EXPECT_EQ(stat->inactive_anon, 20U);
  EXPECT_EQ(stat->inactive_file, 22U);
  EXPECT_EQ(stat->slab, 27U);
  EXPECT_EQ(stat->workingset_refault_file, 29U);
  EXPECT_EQ(stat->pgscan, 31U);
  EXPECT_EQ(stat->kernel_stack, 4U);
  EXPECT_EQ(stat->zswap, 11U);
  EXPECT_EQ(stat->slab_unreclaimable, 26U);
  EXPECT_EQ(stat->workingset_activate_anon, 30U);
  EXPECT_EQ(stat->pgscan_kswapd, 33U);
  EXPECT_FALSE(stat->thp_swpout);
  EXPECT_EQ(stat->pgsteal, 32U);
  EXPECT_EQ(stat->pgfault, 34U);
  EXPECT_EQ(stat->pgmajfault, 35U);
  EXPECT_EQ(*parse_memory_stat_v2(""), MemoryStatV2{});
  expect_malformed(parse_memory_stat_v2, {{"NoValue", "anon 1\nfile\n", "file"}});
}

TEST(MemoryEvents, ReadsWhatTheKernelOffers) {
  EXPECT_EQ(*parse_memory_events("low 0\nhigh 3\nmax 12\noom 1\noom_kill 1\noom_group_kill 0\n"),
            (MemoryEvents{0, 3, 12, 1, 1, 0}));
  const auto old = parse_memory_events("low 0\nhigh 3\nmax 12\noom 1\noom_kill 1\n");
  EXPECT_EQ(old->oom_kill, 1U);
  EXPECT_FALSE(old->oom_group_kill);
  EXPECT_EQ(*parse_memory_events(""), MemoryEvents{});
  EXPECT_EQ(parse_memory_events("sock_throttled 4\nhigh 1\n")->high, 1U);
  expect_malformed(parse_memory_events, {{"Torn", "low 0\nhigh 3\nmax", "max"}});
}

TEST(SwapEvents, ReadsWhatTheKernelOffers) {
  EXPECT_EQ(*parse_swap_events("high 1\nmax 2\nfail 3\n"), (SwapEvents{1, 2, 3}));
  EXPECT_FALSE(parse_swap_events("max 2\nfail 3\n")->high);
  expect_malformed(parse_swap_events, {{"Torn", "max 2\nfail", "fail"}});
}

TEST(MemoryOomControl, CountsKillsSince413) {
  EXPECT_EQ(*parse_memory_oom_control("oom_kill_disable 0\nunder_oom 1\noom_kill 2\n"),
            (MemoryOomControl{0, 1, 2}));
  EXPECT_FALSE(parse_memory_oom_control("oom_kill_disable 0\nunder_oom 0\n")->oom_kill);
  EXPECT_EQ(*parse_memory_oom_control(""), MemoryOomControl{});
  expect_malformed(parse_memory_oom_control, {{"NoValue", "oom_kill\n", "oom_kill"}});
}

using Entries = std::vector<NumaEntry>;
Result<Entries> numa_v1(std::string_view text) {
  return drain(NumaStat(text, NumaFormat::kV1));
}
Result<Entries> numa_v2(std::string_view text) {
  return drain(NumaStat(text, NumaFormat::kV2));
}

TEST(NumaStat, V1PagesOwnAndHierarchical) {
  EXPECT_EQ(*numa_v1("total=20 N0=9 N1=11\nfile=12 N0=8 N1=4\nanon=3 N0=0 N1=3\n"
                     "unevictable=5 N0=1 N1=4\nhierarchical_total=1 N0=1 N1=0\n"
                     "hierarchical_anon=7 N0=7 N1=0\n"),
            (Entries{{NumaKind::kFile, false, 0, 8},
                     {NumaKind::kFile, false, 1, 4},
                     {NumaKind::kAnon, false, 0, 0},
                     {NumaKind::kAnon, false, 1, 3},
                     {NumaKind::kUnevictable, false, 0, 1},
                     {NumaKind::kUnevictable, false, 1, 4},
                     {NumaKind::kAnon, true, 0, 7},
                     {NumaKind::kAnon, true, 1, 0}}));
  EXPECT_EQ(*numa_v1(""), Entries{});
}

TEST(NumaStat, V2BytesAreHierarchical) {
  EXPECT_EQ(*numa_v2("anon N0=4096\nfile N0=8192\nkernel_stack N0=1\nunevictable N0=0\n"),
            (Entries{{NumaKind::kAnon, true, 0, 4096},
                     {NumaKind::kFile, true, 0, 8192},
                     {NumaKind::kUnevictable, true, 0, 0}}));
  EXPECT_EQ(*numa_v2(""), Entries{});
}

TEST(NumaStat, NamesTheOffendingLine) {
  expect_malformed(
      numa_v1, {{"Torn", "file=12 N0=8 N1=", "file=12 N0=8 N1="},
                {"NoSum", "file N0=8\n", "file N0=8"},
                {"BadSum", "file=x N0=8\n", "file=x N0=8"},
                {"NoNode", "file=12 =8\n", "file=12 =8"},
                {"NoValue", "file=12 N0\n", "file=12 N0"},
                {"Overflow", "file=1 N0=18446744073709551616\n", "file=1 N0=18446744073709551616"},
                {"EmptyLine", "\n", ""}});
  expect_malformed(numa_v2, {{"Sum", "anon=4096 N0=4096\n", "anon=4096 N0=4096"},
                             {"Torn", "anon N0=40", "anon N0=40"}});
}

}  // namespace
}  // namespace plimsoll::cgroupfs
