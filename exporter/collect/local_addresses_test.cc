#include "exporter/collect/local_addresses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/temp_tree.h"

namespace plimsoll::exporter {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kTrie =
    "Main:\n"
    "  +-- 0.0.0.0/0 3 0 5\n"
    "     |-- 0.0.0.0\n"
    "        /0 universe UNICAST\n"
    "     +-- 127.0.0.0/31 1 0 0\n"
    "        |-- 127.0.0.0\n"
    "           /8 host LOCAL\n"
    "        |-- 127.0.0.1\n"
    "           /32 host LOCAL\n"
    "     |-- 172.17.0.2\n"
    "        /32 host LOCAL\n"
    "     |-- 172.17.255.255\n"
    "        /32 link BROADCAST\n"
    "     |-- 10.1.2.3\n"
    "        /32 host LOCAL\n"
    "Local:\n"
    "     |-- 172.17.0.2\n"
    "        /32 host LOCAL\n";

TEST(FibTrie, HasTheLocalAddressesOnce) {
  EXPECT_THAT(parse_fib_trie(kTrie).value(), ElementsAre("172.17.0.2", "10.1.2.3"));
  EXPECT_THAT(parse_fib_trie("").value(), IsEmpty());
  EXPECT_THAT(parse_fib_trie("Tomorrow:\n  ++= what\n").value(), IsEmpty());
}

TEST(FibTrie, NamesTheLineItDoesNotUnderstand) {
  for (const char* line : {"     |-- 172.17.0", "     |-- ", "     |-- 1.2.3.4.5"}) {
    const auto bad = parse_fib_trie(std::string("Main:\n") + line + "\n");
    ASSERT_FALSE(bad) << line;
    EXPECT_EQ(bad.error().kind, ErrorKind::kMalformed);
    EXPECT_EQ(bad.error().subject, line);
  }
  EXPECT_FALSE(parse_fib_trie("        /32 host LOCAL\n"));
}

TEST(IfInet6, HasTheGlobalAddresses) {
  EXPECT_THAT(parse_if_inet6("fd000000000000000000000000000002 04 40 00 82     eth0\n"
                             "fe8000000000000000fc00fffe000001 04 40 20 80     eth0\n"
                             "00000000000000000000000000000001 01 80 10 80       lo\n")
                  .value(),
              ElementsAre("fd00::2"));
  EXPECT_THAT(parse_if_inet6("").value(), IsEmpty());
  for (const char* line : {"fd00 04 40 00 82 eth0", "fd000000000000000000000000000002 04 40 00",
                           "xd000000000000000000000000000002 04 40 00 82 eth0"}) {
    const auto bad = parse_if_inet6(line);
    ASSERT_FALSE(bad) << line;
    EXPECT_EQ(bad.error().subject, line);
  }
}

TEST(LocalAddresses, AreOfBothProtocols) {
  const TempTree tree{{"7/net/fib_trie", kTrie},
                      {"7/net/if_inet6", "fd000000000000000000000000000002 04 40 00 82     eth0\n"},
                      {"8/net/fib_trie", kTrie}};
  const auto proc = open_dir(tree.path().c_str()).value();
  EXPECT_THAT(local_addresses(proc, 7).value(), ElementsAre("172.17.0.2", "10.1.2.3", "fd00::2"));
  EXPECT_THAT(local_addresses(proc, 8).value(), ElementsAre("172.17.0.2", "10.1.2.3"));
}

TEST(LocalAddresses, OfThisKernelAreUnderstood) {
  const auto proc = open_dir("/proc").value();
  const auto own = local_addresses(proc, ::getpid());
  ASSERT_TRUE(own) << own.error().message();
  EXPECT_THAT(*own, ::testing::Not(::testing::Contains("127.0.0.1")));
}

}  // namespace
}  // namespace plimsoll::exporter
