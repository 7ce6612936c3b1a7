// mountinfo and diskstats, by tables.
#include "exporter/collect/mounts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exporter/collect/diskstats.h"

namespace plimsoll::exporter {
namespace {

using ::testing::ElementsAre;

TEST(Mounts, ParsesOptionalFieldsEscapesAndEmptySources) {
  const auto mounts = parse_mounts(
                          "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard\n"
                          "36 27 0:30 /sub /mnt/with\\040blank rw shared:9 master:1 - tmpfs  rw\n"
                          "37 27 8:1 /back\\134slash /x rw - vfat /dev/sda1 rw\n")
                          .value();
  ASSERT_EQ(mounts.size(), 3U);
  EXPECT_EQ(mounts[0], (Mount{254, 0, "/", "/", "ext4", "/dev/vda"}));
  EXPECT_EQ(mounts[1], (Mount{0, 30, "/sub", "/mnt/with blank", "tmpfs", ""}));
  EXPECT_EQ(mounts[2].root, "/back\\slash");
  EXPECT_TRUE(parse_mounts("").value().empty());
}

TEST(Mounts, NamesTheMalformedLine) {
  for (const std::string bad : {"27 1 254:0 / / rw", "27 1 254 / / rw - ext4 /dev/vda rw",
                                "27 1 a:b / / rw - ext4 /dev/vda rw", "x"}) {
    const auto mounts = parse_mounts("27 1 254:0 / / rw - ext4 /dev/vda rw\n" + bad + "\n");
    ASSERT_FALSE(mounts) << bad;
    EXPECT_EQ(mounts.error().subject, bad);
  }
}

TEST(Mounts, NetworksFuseAndPseudoAreNotLocal) {
  for (const char* type : {"ext4", "xfs", "btrfs", "zfs", "tmpfs", "vfat"})
    EXPECT_TRUE(is_local_type(type)) << type;
  for (const char* type :
       {"nfs", "nfs4", "cifs", "smb3", "ceph", "glusterfs", "9p", "afs", "fuse", "fuseblk",
        "fuse.sshfs", "overlay", "squashfs", "proc", "sysfs", "cgroup2", "autofs", "devtmpfs", ""})
    EXPECT_FALSE(is_local_type(type)) << type;
}

TEST(HostMounts, OnePerDeviceAskedAtItsOwnRootFirst) {
  const auto groups = group_host_mounts({{254, 1, "/home", "/h", "ext4", "/dev/vda1"},
                                         {254, 1, "/", "/mnt/long/path", "ext4", "/dev/vda1"},
                                         {254, 1, "/", "/", "ext4", "/dev/vda1"},
                                         {8, 1, "/", "/boot", "vfat", "/dev/sda1"},
                                         {0, 40, "/", "/net", "nfs4", "server:/x"}});
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].device, "/dev/sda1");
  EXPECT_EQ(groups[1].device, "/dev/vda1");
  ASSERT_EQ(groups[1].mounts.size(), 3U);
  EXPECT_EQ(groups[1].mounts[0].point, "/");
  EXPECT_EQ(groups[1].mounts[1].point, "/mnt/long/path");
  EXPECT_EQ(groups[1].mounts[2].point, "/h") << "a bind mount last";
}

TEST(HostMounts, DataSetsOfAPoolAreOneAndTmpfsIsNamedByItsPlace) {
  const auto groups =
      group_host_mounts({{0, 50, "/", "/tank", "zfs", "tank"},
                         {0, 51, "/", "/tank/home", "zfs", "tank/home"},
                         {0, 25, "/", "/dev/shm", "tmpfs", "tmpfs"},
                         {0, 26, "/", "/run", "tmpfs", "tmpfs"},
                         {0, 27, "/", "/var/lib/kubelet/pods/x/secret", "tmpfs", "tmpfs"}});
  std::vector<std::string> devices;
  for (const MountGroup& group : groups) devices.push_back(group.device);
  EXPECT_THAT(devices, ElementsAre("/dev/shm", "/run", "tank"));
  EXPECT_EQ(groups[2].mounts[0].point, "/tank");
}

TEST(MountOf, LongestThenLatestWins) {
  const std::vector<Mount> mounts = {{1, 1, "/", "/", "ext4", "a"},
                                     {1, 2, "/", "/var", "ext4", "b"},
                                     {1, 3, "/", "/var/lib", "xfs", "c"},
                                     {1, 4, "/", "/var/lib", "nfs", "d"}};
  EXPECT_EQ(mount_of(mounts, "/etc")->source, "a");
  EXPECT_EQ(mount_of(mounts, "/variety")->source, "a");
  EXPECT_EQ(mount_of(mounts, "/var")->source, "b");
  EXPECT_EQ(mount_of(mounts, "/var/lib/docker")->source, "d");
  EXPECT_EQ(mount_of({}, "/x"), nullptr);
}

TEST(Diskstats, TakesEveryKindOfDevice) {
  const auto disks =
      parse_diskstats(
          " 254       0 vda 31545 9277 3206562 8205 25917 9913 1910288 5117 3 5360 13587 5895 50\n"
          " 259       1 nvme0n1p1 1 2 3 4 5 6 7 8 9 10 11\n"
          " 253       0 dm-0 1 2 3 4 5 6 7 8 9 10 11\n")
          .value();
  ASSERT_EQ(disks.size(), 3U);
  EXPECT_EQ(disks[0].name, "vda");
  EXPECT_EQ(disks[0].ms_reading, 8205U);
  EXPECT_EQ(disks[0].sectors_written, 1910288U);
  EXPECT_EQ(disks[0].io_in_progress, 3U);
  EXPECT_EQ(disks[0].weighted_io_ms, 13587U);
  EXPECT_EQ(disks[1].name, "nvme0n1p1");
  EXPECT_EQ(disks[1].minor, 1U);
  const auto bad = parse_diskstats(" 8 0 sda 1 2 3\n");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().subject, " 8 0 sda 1 2 3");
}

}  // namespace
}  // namespace plimsoll::exporter
