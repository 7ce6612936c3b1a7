#include "runtime/net/address.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "runtime/net/pool.h"

namespace plimsoll::net {
namespace {

TEST(Address, IsReadAndWritten) {
  for (const char* text : {"0.0.0.0", "172.18.0.2", "255.255.255.255", "::", "::1", "fd00:77::2"}) {
    const auto address = parse_address(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(to_text(*address), text);
  }
  for (const char* text : {"", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4 ", "::g",
                           "fe80::1%eth0", "1.2.3.4/8"})
    EXPECT_FALSE(parse_address(text)) << text;
}

TEST(Subnet, LosesItsHostBits) {
  EXPECT_EQ(to_text(*parse_subnet("172.18.3.4/16")), "172.18.0.0/16");
  EXPECT_EQ(to_text(*parse_subnet("10.0.0.7/30")), "10.0.0.4/30");
  EXPECT_EQ(to_text(*parse_subnet("fd00:77::9/64")), "fd00:77::/64");
  EXPECT_EQ(to_text(*parse_subnet("1.2.3.4/0")), "0.0.0.0/0");
  for (const char* text : {"", "/", "1.2.3.4", "1.2.3.4/", "1.2.3.4/33", "::/129", "1.2.3.4/-1"})
    EXPECT_FALSE(parse_subnet(text)) << text;
}

TEST(Subnet, KnowsWhatIsInIt) {
  const Subnet subnet = *parse_subnet("10.1.0.0/22");
  EXPECT_TRUE(contains(subnet, *parse_address("10.1.3.255")));
  EXPECT_FALSE(contains(subnet, *parse_address("10.1.4.0")));
  EXPECT_FALSE(contains(subnet, *parse_address("fd00::1")));
  EXPECT_TRUE(overlap(subnet, *parse_subnet("10.0.0.0/8")));
  EXPECT_TRUE(overlap(*parse_subnet("10.1.2.0/24"), subnet));
  EXPECT_FALSE(overlap(subnet, *parse_subnet("10.1.4.0/24")));
  EXPECT_EQ(to_text(last_of(subnet)), "10.1.3.255");
  EXPECT_EQ(size_of(subnet), 1024U);
  EXPECT_EQ(to_text(at(subnet, 300)), "10.1.1.44");
  EXPECT_EQ(offset_of(subnet, *parse_address("10.1.1.44")), 300U);
  EXPECT_EQ(to_text(at(*parse_subnet("fd00::/64"), 0x10000)), "fd00::1:0");
}

TEST(Mac, IsReadAndFollowsTheAddress) {
  EXPECT_EQ(to_text(*parse_mac("02:42:AC:12:00:02")), "02:42:ac:12:00:02");
  EXPECT_EQ(to_text(mac_for(*parse_address("172.18.0.2"))), "02:42:ac:12:00:02");
  for (const char* text : {"", "02:42:ac:12:00", "02:42:ac:12:00:0g", "02.42.ac.12.00.02"})
    EXPECT_FALSE(parse_mac(text)) << text;
}

std::string next(Pool& pool) {
  const auto address = pool.take_next();
  return address ? to_text(*address) : "none";
}

TEST(Pool, GivesEachOnceAndTheNetworksOwnNever) {
  const Subnet subnet = *parse_subnet("10.0.0.0/29");
  Pool pool(subnet, subnet);
  EXPECT_TRUE(pool.take(*parse_address("10.0.0.1")));
  EXPECT_FALSE(pool.take(*parse_address("10.0.0.1")));
  EXPECT_FALSE(pool.take(*parse_address("10.0.0.0")));
  EXPECT_FALSE(pool.take(*parse_address("10.0.0.7")));
  EXPECT_FALSE(pool.take(*parse_address("10.0.1.1")));
  for (const char* expected : {"10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6", "none"})
    EXPECT_EQ(next(pool), expected);
}

TEST(Pool, ReturnsToAnAddressLast) {
  const Subnet subnet = *parse_subnet("10.0.0.0/29");
  Pool pool(subnet, subnet);
  EXPECT_EQ(next(pool), "10.0.0.1");
  pool.give_back(*parse_address("10.0.0.1"));
  EXPECT_EQ(next(pool), "10.0.0.2");
  for (int i = 3; i < 7; ++i) (void)next(pool);
  EXPECT_EQ(next(pool), "10.0.0.1");
}

TEST(Pool, KeepsToItsRange) {
  Pool pool(*parse_subnet("10.0.0.0/16"), *parse_subnet("10.0.5.0/30"));
  EXPECT_TRUE(pool.take(*parse_address("10.0.9.9")));
  for (const char* expected : {"10.0.5.1", "10.0.5.2", "10.0.5.3", "10.0.5.0", "none"})
    EXPECT_EQ(next(pool), expected);
}

TEST(Pool, OfTwoAddressesUsesBoth) {
  const Subnet subnet = *parse_subnet("10.0.0.0/31");
  Pool pool(subnet, subnet);
  EXPECT_EQ(next(pool), "10.0.0.1");
  EXPECT_EQ(next(pool), "10.0.0.0");
  EXPECT_EQ(next(pool), "none");
}

TEST(FreeSubnet, HidesNothingOfTheHosts) {
  std::vector<Subnet> taken;
  EXPECT_EQ(to_text(*free_subnet(taken)), "172.18.0.0/16");
  taken.push_back(*parse_subnet("172.18.9.0/24"));
  EXPECT_EQ(to_text(*free_subnet(taken)), "172.19.0.0/16");
  taken.push_back(*parse_subnet("172.16.0.0/12"));
  EXPECT_EQ(to_text(*free_subnet(taken)), "192.168.0.0/20");
  taken.push_back(*parse_subnet("192.168.1.0/24"));
  EXPECT_EQ(to_text(*free_subnet(taken)), "192.168.16.0/20");
  taken.push_back(*parse_subnet("192.168.0.0/16"));
  EXPECT_FALSE(free_subnet(taken));
}

}  // namespace
}  // namespace plimsoll::net
