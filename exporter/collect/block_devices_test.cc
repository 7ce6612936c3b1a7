#include "exporter/collect/block_devices.h"

#include <gtest/gtest.h>

#include "base/temp_tree.h"

namespace plimsoll::exporter {
namespace {

constexpr const char* kPartitions =
    "major minor  #blocks  name\n"
    "\n"
    " 254        1   10484719 vda1\n"
    " 254        0   10485760 vda\n"
    " 104        0   35566480 cciss!c0d0\n";

TEST(Partitions, GiveNamesByNumber) {
  const auto devices = parse_partitions(kPartitions);
  ASSERT_TRUE(devices);
  const BlockDevices names(*devices);
  EXPECT_EQ(names.name(254, 0), "vda");
  EXPECT_EQ(names.name(254, 1), "vda1");
  EXPECT_EQ(names.name(104, 0), "cciss/c0d0");
  EXPECT_EQ(names.name(8, 0), "");
}

TEST(Partitions, EmptyFileHasNoDevices) {
  const auto devices = parse_partitions("");
  ASSERT_TRUE(devices);
  EXPECT_TRUE(devices->empty());
}

TEST(Partitions, NamesTheMalformedLine) {
  for (const char* line : {" 254 x 1 vda", " 254 0 1", "-1 0 1 vda"}) {
    const auto devices = parse_partitions(std::string(kPartitions) + line + "\n");
    ASSERT_FALSE(devices) << line;
    EXPECT_EQ(devices.error().kind, ErrorKind::kMalformed);
    EXPECT_EQ(devices.error().subject, line);
  }
}

TEST(Partitions, RefreshSharesWhatDidNotChangeAndKeepsWhatItCannotRead) {
  const TempTree tree{{"partitions", kPartitions}};
  const auto proc = open_dir(tree.path().c_str());
  ASSERT_TRUE(proc);
  const BlockDevicesPtr first = refresh_block_devices(*proc, nullptr);
  ASSERT_TRUE(first);
  EXPECT_EQ(refresh_block_devices(*proc, first), first);

  tree.write("partitions", "rubbish 1 2 3\n");
  EXPECT_EQ(refresh_block_devices(*proc, first), first);
  tree.remove("partitions");
  EXPECT_EQ(refresh_block_devices(*proc, first), first);

  tree.write("partitions", " 8 0 100 sda\n");
  const BlockDevicesPtr second = refresh_block_devices(*proc, first);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->name(8, 0), "sda");
  EXPECT_EQ(second->name(254, 0), "");
}

}  // namespace
}  // namespace plimsoll::exporter
