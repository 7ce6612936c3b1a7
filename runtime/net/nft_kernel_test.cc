// nftables in a program that has many descriptors open.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <string>
#include <vector>

#include "runtime/net/net_testing.h"
#include "runtime/net/nft.h"

namespace plimsoll::net {
namespace {

// Its socket waits by select(2), which knows numbers below 1024 alone.
TEST(NftTest, WorksBesideThousandsOfDescriptors) {
  const std::string why = leave_the_host();
  if (!why.empty()) GTEST_SKIP() << why;
  constexpr rlim_t kMany = 1500;
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  if (limit.rlim_max < kMany) GTEST_SKIP() << "only " << limit.rlim_max << " descriptors";
  limit.rlim_cur = limit.rlim_max;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  std::vector<Fd> many;
  for (rlim_t i = 0; i + 100 < kMany; ++i)
    many.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(many.back());
  auto nft = Nft::open();
  ASSERT_TRUE(nft) << nft.error().message();
  const auto added = nft->run("add table inet pltest");
  ASSERT_TRUE(added) << added.error().message();
  const auto listed = nft->ask("list tables");
  ASSERT_TRUE(listed) << listed.error().message();
  EXPECT_EQ(*listed, "table inet pltest\n");
  // The program's own are as they were.
  EXPECT_NE(::fcntl(many.back().get(), F_GETFD), -1);
  EXPECT_FALSE(nft->run("delete table inet nowhere"));
  EXPECT_TRUE(nft->run("delete table inet pltest"));
}

}  // namespace
}  // namespace plimsoll::net
