#include "runtime/launch/mount_options.h"

#include <gtest/gtest.h>
#include <sys/mount.h>

#include <algorithm>

namespace plimsoll::runtime {
namespace {

MountOptions parse(std::vector<std::string> words) {
  return parse_mount_options(words);
}

TEST(MountOptions, AttributesAndTheirOppositesLastOneWins) {
  const MountOptions options = parse({"nosuid", "nodev", "ro", "rw", "exec"});
  EXPECT_EQ(options.attributes.set, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
  EXPECT_EQ(options.attributes.clear, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC);
}

TEST(MountOptions, AnAccessTimeReplacesTheWholeField) {
  const MountOptions options = parse({"noatime", "strictatime"});
  EXPECT_EQ(options.attributes.set, MOUNT_ATTR_STRICTATIME);
  EXPECT_EQ(options.attributes.clear, MOUNT_ATTR__ATIME);
}

TEST(MountOptions, AnRInFrontMeansTheTreeBelow) {
  const MountOptions options = parse({"rbind", "rro", "rnosuid", "rprivate", "slave"});
  EXPECT_EQ(options.bind, BindMode::kTree);
  EXPECT_TRUE(options.attributes.empty());
  EXPECT_EQ(options.below.set, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID);
  ASSERT_EQ(options.propagation.size(), 2U);
  EXPECT_EQ(options.propagation[0].flag, MS_PRIVATE);
  EXPECT_TRUE(options.propagation[0].recursive);
  EXPECT_EQ(options.propagation[1].flag, MS_SLAVE);
  EXPECT_FALSE(options.propagation[1].recursive);
}

TEST(MountOptions, WhatNobodyKnowsGoesToTheFilesystem) {
  const MountOptions options = parse({"mode=755", "size=64k", "newinstance", "defaults", ""});
  ASSERT_EQ(options.parameters.size(), 3U);
  EXPECT_EQ(options.parameters[0].key, "mode");
  EXPECT_EQ(options.parameters[0].value, "755");
  EXPECT_FALSE(options.parameters[0].is_flag);
  EXPECT_EQ(options.parameters[2].key, "newinstance");
  EXPECT_TRUE(options.parameters[2].is_flag);
}

TEST(MountOptions, KnownWordsAreSortedAndNoneIsAParameter) {
  const std::vector<std::string> words = known_mount_options();
  EXPECT_TRUE(std::ranges::is_sorted(words));
  EXPECT_TRUE(std::ranges::binary_search(words, std::string("rnosymfollow")));
}

}  // namespace
}  // namespace plimsoll::runtime
