#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include "base/temp_tree.h"
#include "http/client.h"
#include "http/test_support.h"

namespace plimsoll::http {
namespace {

using testing::ask;
using ::testing::EndsWith;
using testing::get_text;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using testing::RunningServer;
using ::testing::StartsWith;

void add_peer(Server& server) {
  server.route("/peer", {"GET"}, [](const Request& request, Responder responder) {
    responder.send(Response::text(200, request.peer));
  });
}

bool has_ipv6() {
  const auto loopback = numeric_address("::1", 0);
  const Fd socket(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return socket && ::bind(socket.get(), loopback->get(), loopback->length) == 0;
}

TEST(Listen, NamesThePortTheKernelPicked) {
  RunningServer server({}, add_peer);
  EXPECT_THAT(server.address(), MatchesRegex("127\\.0\\.0\\.1:[1-9][0-9]*"));
  EXPECT_THAT(get(server.address(), "/peer")->body, StartsWith("127.0.0.1:"));
}

TEST(Listen, OnIpv6) {
  if (!has_ipv6()) GTEST_SKIP() << "this machine has no IPv6 loopback";
  RunningServer server({}, add_peer, "[::1]:0");
  EXPECT_THAT(server.address(), MatchesRegex("\\[::1\\]:[1-9][0-9]*"));
  EXPECT_THAT(get(server.address(), "/peer")->body, StartsWith("[::1]:"));
}

TEST(Listen, OnAllAddressesServesBothFamilies) {
  RunningServer server({}, add_peer, ":0");
  const std::string port = server.address().substr(server.address().rfind(':'));
  EXPECT_THAT(get("127.0.0.1" + port, "/peer")->body, StartsWith("127.0.0.1:"));
  if (!has_ipv6()) GTEST_SKIP() << "this machine has no IPv6 loopback";
  EXPECT_EQ(server.address(), "[::]" + port);
  EXPECT_THAT(get("[::1]" + port, "/peer")->body, StartsWith("[::1]:"));
}

TEST(Listen, OnSeveralAddressesAtOnce) {
  const TempTree tree;
  const std::string path = "unix:" + tree.path() + "/s.sock";
  RunningServer server({}, [&](Server& s) {
    add_peer(s);
    const auto bound = s.listen(path);
    ASSERT_TRUE(bound);
    EXPECT_EQ(*bound, path);
  });
  EXPECT_EQ(get(path, "/peer")->body, "unix");
  EXPECT_THAT(get(server.address(), "/peer")->body, StartsWith("127.0.0.1:"));
  const auto later = server->listen("127.0.0.1:0");  // While the loop runs.
  ASSERT_TRUE(later);
  EXPECT_THAT(get(*later, "/peer")->body, StartsWith("127.0.0.1:"));
}

TEST(Listen, ATakenPortIsAnErrorThatNamesIt) {
  RunningServer server({}, add_peer);
  const auto second = Server::create()->listen(server.address());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().os_error, EADDRINUSE);
  EXPECT_THAT(second.error().message(), HasSubstr(server.address()));
}

TEST(Listen, RefusesWhatIsNoAddress) {
  const auto server = Server::create();
  for (const char* text : {"", "7546", "host.example:80", "unix:", "[::1]"}) {
    const auto bound = server->listen(text);
    ASSERT_FALSE(bound) << text;
    EXPECT_EQ(bound.error().kind, ErrorKind::kInvalidInput) << text;
  }
}

TEST(ListenUnix, IsReadableByOwnerAndGroupAndRemovedAtStop) {
  const TempTree tree;
  const std::string file = tree.path() + "/s.sock";
  {
    RunningServer server({}, add_peer, "unix:" + file);
    struct stat made{};
    ASSERT_EQ(::lstat(file.c_str(), &made), 0);
    EXPECT_TRUE(S_ISSOCK(made.st_mode));
    EXPECT_EQ(made.st_mode & 07777, 0660U);
  }
  EXPECT_NE(::access(file.c_str(), F_OK), 0);
}

// A socket that nobody listens on, as a killed server leaves it.
void leave_stale_socket(const std::string& file) {
  const auto address = unix_address(file);
  const Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(socket.get(), address->get(), address->length), 0);
}

TEST(ListenUnix, KnowsTheProcessAtTheOtherEnd) {
  const TempTree tree;
  const auto tell = [](Server& server) {
    server.route("/who", {"GET"}, [](const Request& request, Responder responder) {
      const auto& process = request.process;
      responder.send(Response::text(200, process ? std::to_string(process->pid) + " " +
                                                       std::to_string(process->uid) + " " +
                                                       std::to_string(process->gid)
                                                 : "nobody"));
    });
  };
  const std::string address = "unix:" + tree.path() + "/s.sock";
  const RunningServer on_unix({}, tell, address);
  EXPECT_EQ(get(address, "/who")->body, std::to_string(::getpid()) + " " +
                                            std::to_string(::geteuid()) + " " +
                                            std::to_string(::getegid()));
  const RunningServer on_tcp({}, tell);
  EXPECT_EQ(get(on_tcp.address(), "/who")->body, "nobody");
}

TEST(ListenUnix, ReplacesAStaleSocket) {
  const TempTree tree;
  const std::string file = tree.path() + "/s.sock";
  leave_stale_socket(file);
  RunningServer server({}, add_peer, "unix:" + file);
  EXPECT_EQ(get("unix:" + file, "/peer")->body, "unix");
}

TEST(ListenUnix, RefusesALiveSocketAndOtherFiles) {
  const TempTree tree({{"file", "precious"}});
  const std::string file = tree.path() + "/s.sock";
  RunningServer server({}, add_peer, "unix:" + file);
  const auto other = Server::create();
  const auto live = other->listen("unix:" + file);
  ASSERT_FALSE(live);
  EXPECT_EQ(live.error().os_error, EADDRINUSE);
  EXPECT_EQ(get("unix:" + file, "/peer")->status, 200);
  const auto precious = other->listen("unix:" + tree.path() + "/file");
  ASSERT_FALSE(precious);
  EXPECT_EQ(precious.error().os_error, EEXIST);
  EXPECT_EQ(::access((tree.path() + "/file").c_str(), F_OK), 0);
  const auto nowhere = other->listen("unix:" + tree.path() + "/none/s.sock");
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().os_error, ENOENT);
}

TEST(ListenUnix, OneOfTwoServersThatStartAtOnceGetsTheSocket) {
  constexpr int kRounds = 50;
  for (int round = 0; round < kRounds; ++round) {
    const TempTree tree;
    const std::string address = "unix:" + tree.path() + "/s.sock";
    std::array<std::unique_ptr<Server>, 4> servers;
    std::atomic<int> listening = 0;
    std::latch start(servers.size());
    std::vector<std::jthread> starters;
    for (auto& server : servers) {
      server = Server::create();
      starters.emplace_back([&] {
        start.arrive_and_wait();
        listening += server->listen(address) ? 1 : 0;
      });
    }
    starters.clear();
    EXPECT_EQ(listening, 1);
  }
}

TEST(ListenUnix, WaitsForNobodyWhoHoldsTheDirectoryForLong) {
  const TempTree tree;
  const Fd holder(::open(tree.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ASSERT_EQ(::flock(holder.get(), LOCK_EX), 0);
  const auto listening = Server::create()->listen("unix:" + tree.path() + "/s.sock");
  ASSERT_FALSE(listening);
  EXPECT_EQ(listening.error().kind, ErrorKind::kBusy);
  EXPECT_THAT(listening.error().message(), HasSubstr(tree.path()));
}

TEST(ListenUnix, LeavesASuccessorsSocketAlone) {
  const TempTree tree;
  const std::string file = tree.path() + "/s.sock";
  {
    RunningServer server({}, add_peer, "unix:" + file);
    tree.remove("s.sock");
    leave_stale_socket(file);
  }
  EXPECT_EQ(::access(file.c_str(), F_OK), 0);
}

}  // namespace
}  // namespace plimsoll::http
