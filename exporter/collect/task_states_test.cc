#include "exporter/collect/task_states.h"

#include <gtest/gtest.h>
#include <linux/cgroupstats.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace plimsoll::exporter {
namespace {

template <class T>
std::string bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string message(std::uint16_t type, const std::string& body) {
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(sizeof header + body.size());
  header.nlmsg_type = type;
  return bytes_of(header) + body;
}

std::string answer(std::uint16_t attribute, const std::string& value) {
  nlattr head{};
  head.nla_len = static_cast<std::uint16_t>(NLA_HDRLEN + value.size());
  head.nla_type = attribute;
  return message(27, bytes_of(genlmsghdr{}) + bytes_of(head) + value);
}

TEST(CgroupStatsAnswer, HasFiveCounts) {
  cgroupstats stats{};
  stats.nr_sleeping = 3;
  stats.nr_running = 1;
  stats.nr_uninterruptible = 2;
  const auto states =
      parse_cgroupstats_answer(answer(CGROUPSTATS_TYPE_CGROUP_STATS, bytes_of(stats)));
  ASSERT_TRUE(states);
  EXPECT_EQ(*states, (TaskStates{.sleeping = 3, .running = 1, .uninterruptible = 2, .io_wait = 0}));
}

TEST(CgroupStatsAnswer, ARefusalIsTheKernelsError) {
  nlmsgerr refusal{};
  refusal.error = -EINVAL;
  const auto states = parse_cgroupstats_answer(message(NLMSG_ERROR, bytes_of(refusal)));
  ASSERT_FALSE(states);
  EXPECT_EQ(states.error().os_error, EINVAL);
}

TEST(CgroupStatsAnswer, TornAnswersAreMalformed) {
  const std::string whole = answer(CGROUPSTATS_TYPE_CGROUP_STATS, std::string(40, '\1'));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(parse_cgroupstats_answer(whole.substr(0, size))) << size;
  EXPECT_FALSE(parse_cgroupstats_answer(answer(7, std::string(40, '\1')))) << "another attribute";
}

TEST(FamilyAnswer, IsANumber) {
  const std::uint16_t family = 27;
  EXPECT_EQ(parse_family_answer(answer(CTRL_ATTR_FAMILY_ID, bytes_of(family))), 27);
  EXPECT_FALSE(parse_family_answer(answer(CTRL_ATTR_FAMILY_ID, "\1")));
}

TEST(CountState, TellsTheLettersApart) {
  TaskStates states;
  for (const char letter : std::string("RSSDTtZXI")) count_state(states, letter);
  EXPECT_EQ(states, (TaskStates{.sleeping = 2, .running = 1, .stopped = 2, .uninterruptible = 1}));
}

}  // namespace
}  // namespace plimsoll::exporter
