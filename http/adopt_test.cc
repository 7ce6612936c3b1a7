#include "http/adopt.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>

#include "base/temp_tree.h"
#include "http/client.h"
#include "http/test_support.h"

namespace plimsoll::http {
namespace {

using ::testing::HasSubstr;
using testing::RunningServer;
using ::testing::StartsWith;

Fd bound_to(const SocketAddress& address, int type = SOCK_STREAM) {
  Fd socket(::socket(address.storage.ss_family, type, 0));
  EXPECT_TRUE(socket);
  EXPECT_EQ(::bind(socket.get(), address.get(), address.length), 0) << std::strerror(errno);
  return socket;
}

Fd listening_on(const SocketAddress& address) {
  Fd socket = bound_to(address);
  EXPECT_EQ(::listen(socket.get(), 16), 0);
  return socket;
}

Fd listening_on_loopback() {
  return listening_on(*numeric_address("127.0.0.1", 0));
}

// As a flag would say it.
std::string handed(Fd socket) {
  return "fd:" + std::to_string(socket.release());
}

void add_peer(Server& server) {
  server.route("/peer", {"GET"}, [](const Request& request, Responder responder) {
    responder.send(Response::text(200, request.peer));
  });
}

TEST(Adopt, ATcpSocketIsServedBesideOurOwn) {
  std::string adopted;
  const RunningServer server({}, [&](Server& s) {
    add_peer(s);
    const auto name = s.listen(handed(listening_on_loopback()));
    ASSERT_TRUE(name) << name.error().message();
    adopted = *name;
  });
  EXPECT_NE(adopted, server.address());
  EXPECT_THAT(get(adopted, "/peer")->body, StartsWith("127.0.0.1:"));
  EXPECT_THAT(get(server.address(), "/peer")->body, StartsWith("127.0.0.1:"));
}

TEST(Adopt, TheFileOfAUnixSocketStays) {
  const TempTree tree;
  const std::string path = tree.path() + "/handed.sock";
  Fd keeper = listening_on(*unix_address(path));
  {
    const RunningServer server({}, [&](Server& s) {
      add_peer(s);
      const auto name = s.listen(handed(Fd(::fcntl(keeper.get(), F_DUPFD_CLOEXEC, 0))));
      ASSERT_TRUE(name) << name.error().message();
      EXPECT_EQ(*name, "unix:" + path);
    });
    EXPECT_EQ(get("unix:" + path, "/peer")->body, "unix");
  }
  struct stat found{};
  EXPECT_EQ(::lstat(path.c_str(), &found), 0);
  // Whoever comes meanwhile waits for the next server.
  const RunningServer next({}, [&](Server& s) {
    add_peer(s);
    ASSERT_TRUE(s.listen(handed(std::move(keeper))));
  });
  EXPECT_EQ(get("unix:" + path, "/peer")->body, "unix");
}

TEST(Adopt, WhatCannotBeServedIsRefused) {
  const auto loopback = numeric_address("127.0.0.1", 0);
  const auto datagrams = adopt_listening(bound_to(*loopback, SOCK_DGRAM));
  ASSERT_FALSE(datagrams);
  EXPECT_EQ(datagrams.error().kind, ErrorKind::kInvalidInput);
  EXPECT_THAT(datagrams.error().message(), HasSubstr("neither TCP"));
  const auto deaf = adopt_listening(bound_to(*loopback));
  ASSERT_FALSE(deaf);
  EXPECT_THAT(deaf.error().message(), HasSubstr("does not listen"));
  EXPECT_EQ(bind_and_listen("fd:x").error().kind, ErrorKind::kInvalidInput);
  const auto file = adopt_listening(Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().os_error, ENOTSOCK);
}

TEST(Adopt, WhereClientsComeInIsKnown) {
  const auto loopback = adopt_listening(listening_on_loopback());
  ASSERT_TRUE(loopback);
  EXPECT_EQ(loopback->door->kind, Door::Kind::kLoopback);
  const auto all = adopt_listening(listening_on(*numeric_address("0.0.0.0", 0)));
  ASSERT_TRUE(all);
  EXPECT_EQ(all->door->kind, Door::Kind::kOther);
  EXPECT_EQ(all->door->host, "");
  EXPECT_NE(::fcntl(all->socket.get(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(::fcntl(all->socket.get(), F_GETFL) & O_NONBLOCK, 0);
}

}  // namespace
}  // namespace plimsoll::http
