#include "agent/capabilities.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>

namespace plimsoll::agent {
namespace {

using cgroupfs::Group;
using cgroupfs::GroupSet;

constexpr CapabilityMask bit(unsigned number) {
  return CapabilityMask{1} << number;
}

GroupSet only(Group group) {
  GroupSet set;
  return set.set(Group::kAlways).set(group);
}

TEST(Capabilities, OnlyWhatTheChosenGroupsUse) {
  EXPECT_EQ(wanted_capabilities(only(Group::kCpu)), bit(CAP_DAC_READ_SEARCH));
  EXPECT_EQ(wanted_capabilities(only(Group::kProcess)),
            bit(CAP_DAC_READ_SEARCH) | bit(CAP_SYS_PTRACE));
  EXPECT_EQ(wanted_capabilities(GroupSet::defaults()) & bit(CAP_SYS_PTRACE), 0U);
}

// Each of these would be root by another name.
TEST(Capabilities, NeverThoseThatChangeSomething) {
  const CapabilityMask all = wanted_capabilities(GroupSet::all());
  for (const unsigned number :
       std::initializer_list<unsigned>{CAP_SYS_ADMIN, CAP_DAC_OVERRIDE, CAP_NET_ADMIN, CAP_KILL,
                                       CAP_SETUID, CAP_CHOWN, CAP_FOWNER, CAP_SYS_MODULE})
    EXPECT_EQ(all & bit(number), 0U) << capability_name(number);
}

TEST(Capabilities, MissingOnesAreNamedWithTheirGroups) {
  EXPECT_TRUE(missing_capabilities(GroupSet::all(), ~CapabilityMask{0}).empty());
  const auto missing = missing_capabilities(only(Group::kProcess), bit(CAP_DAC_READ_SEARCH));
  ASSERT_EQ(missing.size(), 1U);
  EXPECT_EQ(missing[0].name, "CAP_SYS_PTRACE");
  EXPECT_EQ(missing[0].group, Group::kProcess);
  EXPECT_FALSE(missing[0].lost.empty());
}

TEST(Capabilities, TheTableAgreesWithTheNames) {
  for (const CapabilityUse& use : capability_uses())
    EXPECT_EQ(capability_name(use.number), use.name);
  EXPECT_EQ(capability_name(21), "CAP_SYS_ADMIN");
  EXPECT_EQ(capability_name(40), "CAP_CHECKPOINT_RESTORE");
  EXPECT_EQ(capability_name(63), "CAP_63");
}

}  // namespace
}  // namespace plimsoll::agent
