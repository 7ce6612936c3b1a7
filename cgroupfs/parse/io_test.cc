// blkio.* of v1, io.stat of v2.
#include "cgroupfs/parse/blkio.h"
#include "cgroupfs/parse/io_limit.h"
#include "cgroupfs/parse/io_stat.h"
#include "cgroupfs/parse/testing.h"

namespace plimsoll::cgroupfs {
namespace {

using Blkio = std::vector<BlkioEntry>;
Result<Blkio> blkio(std::string_view text) {
  return drain(BlkioLines(text));
}

TEST(Blkio, HasAnEntryPerDeviceAndOperation) {
  EXPECT_EQ(*blkio("254:0 Read 4096\n254:0 Write 8192\n254:0 Sync 12288\n254:0 Async 0\n"
                   "254:0 Discard 0\n254:0 Total 12288\n7:1 Read 1\nTotal 12289\n"),
            (Blkio{{254, 0, BlkioOp::kRead, 4096},
                   {254, 0, BlkioOp::kWrite, 8192},
                   {254, 0, BlkioOp::kSync, 12288},
                   {254, 0, BlkioOp::kAsync, 0},
                   {254, 0, BlkioOp::kDiscard, 0},
                   {254, 0, BlkioOp::kTotal, 12288},
                   {7, 1, BlkioOp::kRead, 1}}));
}

TEST(Blkio, ReadsFilesWithoutOperationsAndOnesWithoutDevices) {
  EXPECT_EQ(*blkio("8:16 77\n"), (Blkio{{8, 16, BlkioOp::kNone, 77}}));
  EXPECT_EQ(*blkio("Total 0\n"), Blkio{});
  EXPECT_EQ(*blkio(""), Blkio{});
}

TEST(Blkio, KeepsOperationsOfNewerKernelsApartAndLeavesUnknownDevicesOut) {
  EXPECT_EQ(*blkio("8:0 Flush 3\n(unknown) Read 5\n"), (Blkio{{8, 0, BlkioOp::kUnknown, 3}}));
}

TEST(Blkio, NamesTheOffendingLine) {
  expect_malformed(
      blkio, {{"Torn", "8:0 Read 4096\n8:0 Write 40", "8:0 Write 40"},
              {"NoValue", "8:0 Read\n", "8:0 Read"},
              {"OnlyDevice", "8:0\n", "8:0"},
              {"Negative", "8:0 Read -1\n", "8:0 Read -1"},
              {"Overflow", "8:0 Read 18446744073709551616\n", "8:0 Read 18446744073709551616"},
              {"BadDevice", "8:x Read 1\n", "8:x Read 1"},
              {"HugeDevice", "4294967296:0 Read 1\n", "4294967296:0 Read 1"},
              {"FourWords", "8:0 Read 1 2\n", "8:0 Read 1 2"},
              {"TotalOfTwo", "Total 1 2\n", "Total 1 2"},
              {"TotalWord", "Total none\n", "Total none"},
              {"EmptyLine", "\n", ""}});
}

using Io = std::vector<IoStat>;
Result<Io> io(std::string_view text) {
  return drain(IoStatLines(text));
}

IoStat device(std::uint32_t major, std::uint32_t minor) {
  IoStat stat;
  stat.major = major;
  stat.minor = minor;
  return stat;
}

TEST(IoStat, ReadsCountersAndCosts) {
  const auto stats =
      io("8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=5 cost.vrate=100.00 "
         "cost.usage=200 cost.wait=10 cost.indebt=3 cost.indelay=4\n");
  ASSERT_TRUE(stats) << stats.error().message();
  IoStat want = device(8, 16);
  want.rbytes = 1459200;
  want.wbytes = 314773504;
  want.rios = 192;
  want.wios = 353;
  want.dbytes = 0;
  want.dios = 5;
  want.cost_usage = 200;
  want.cost_wait = 10;
  want.cost_indebt = 3;
  want.cost_indelay = 4;
  EXPECT_EQ(*stats, Io{want});
}

TEST(IoStat, DevicesWithoutCountersAreKeptEmpty) {
  EXPECT_EQ(*io("252:0 \n"), Io{device(252, 0)});
  EXPECT_EQ(*io("252:0\n"), Io{device(252, 0)});
}

TEST(IoStat, UnknownDevicesAreLeftOut) {
  EXPECT_EQ(*io("(unknown) rbytes=1 wbytes=2\n8:0 \n"), Io{device(8, 0)});
}

TEST(IoStat, SeveralDevicesInOneLineGiveTheCountersToTheLast) {
  IoStat last = device(7, 5);
  last.rbytes = 1;
  last.wios = 2;
  EXPECT_EQ(*io("7:7 7:6 7:5 rbytes=1 wios=2\n"), (Io{device(7, 7), device(7, 6), last}));
  EXPECT_EQ(*io("7:7 (unknown) rbytes=1\n"), Io{device(7, 7)});
}

TEST(IoStat, SkipsKeysOfOtherPoliciesWhateverTheirValue) {
  IoStat want = device(8, 0);
  want.rios = 3;
  EXPECT_EQ(*io("8:0 rios=3 use_delay=1 depth=max avg_lat= latency.win=5\n"), Io{want});
  EXPECT_EQ(*io(""), Io{});
}

TEST(IoStat, NamesTheOffendingLine) {
  expect_malformed(
      io, {{"Torn", "8:0 rbytes=1\n8:16 rbyt", "8:16 rbyt"},
           {"TornNumber", "8:0 rbytes=14", "8:0 rbytes=14"},
           {"NoDevice", "rbytes=1\n", "rbytes=1"},
           {"Word", "8:0 rbytes\n", "8:0 rbytes"},
           {"NoNumber", "8:0 rbytes=\n", "8:0 rbytes="},
           {"Negative", "8:0 wios=-1\n", "8:0 wios=-1"},
           {"Overflow", "8:0 rios=18446744073709551616\n", "8:0 rios=18446744073709551616"},
           {"EmptyLine", "8:0 rios=1\n\n", ""}});
}

using Max = std::vector<IoMax>;
Result<Max> io_max(std::string_view text) {
  return drain(IoMaxLines(text));
}

TEST(IoMax, ReadsRatesAndLeavesMaxOut) {
  EXPECT_EQ(*io_max("8:16 rbps=2097152 wbps=max riops=max wiops=120\n8:0 rbps=1 future=x\n"),
            (Max{{8, 16, 2097152, std::nullopt, std::nullopt, 120},
                 {8, 0, 1, std::nullopt, std::nullopt, std::nullopt}}));
  EXPECT_EQ(*io_max(""), Max{});
  EXPECT_EQ(*io_max("(unknown) rbps=1\n"), Max{});
}

TEST(IoMax, NamesTheOffendingLine) {
  expect_malformed(io_max, {{"Torn", "8:16 rbps=20", "8:16 rbps=20"},
                            {"NoDevice", "rbps=1\n", "rbps=1"},
                            {"Word", "8:16 rbps\n", "8:16 rbps"},
                            {"NoNumber", "8:16 rbps=-1\n", "8:16 rbps=-1"},
                            {"EmptyLine", "\n", ""}});
}

TEST(IoWeight, IsTheDefaultOne) {
  EXPECT_EQ(*parse_io_weight("default 100\n8:16 200\n"), 100U);
  EXPECT_EQ(*parse_io_weight("8:16 200\ndefault 50\n"), 50U);
  expect_malformed(parse_io_weight, {{"None", "8:16 200\n", "8:16 200"},
                                     {"Empty", "", ""},
                                     {"Torn", "default 10", "default 10"},
                                     {"NoNumber", "default x\n", "default x"}});
}

}  // namespace
}  // namespace plimsoll::cgroupfs
