#include "http/channel.h"

#include <gmock/gmock.h>

#include <mutex>

#include "base/temp_tree.h"
#include "http/test_support.h"

namespace plimsoll::http {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using testing::eventually;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RawClient;
using testing::RunningServer;
using testing::shared;
using ::testing::StartsWith;

constexpr std::string_view kAttach =
    "POST /attach HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
    "Content-Length: 0\r\n\r\n";

// "/attach" is taken over; what happens to the channel is written down.
class ChannelServer {
 public:
  explicit ChannelServer(const ServerLimits& limits = {})
      : server_(limits, [this](Server& s) { add_route(s); }, "unix:" + tree_.path() + "/s.sock") {}

  std::shared_ptr<Channel> await_channel() {
    EXPECT_TRUE(eventually([&] { return take() != nullptr; }));
    return take();
  }
  void drop() {
    const std::lock_guard lock(mutex_);
    channel_.reset();
  }
  // Data in quotes are not needed: the words around them are in capitals.
  std::string log() {
    const std::lock_guard lock(mutex_);
    return log_;
  }
  bool await(const std::string& log_so_far) {
    return eventually([&] { return log() == log_so_far; });
  }
  RunningServer& operator*() { return server_; }

 private:
  void add_route(Server& server) {
    server.route("/attach", {"POST"}, [this](const Request&, Responder responder) {
      Response head;
      head.content_type = "application/vnd.docker.raw-stream";
      auto channel =
          responder.hijack(std::move(head), {.on_data = [this](std::string_view b) { add(b); },
                                             .on_half_close = [this] { add("HALF"); },
                                             .on_close = [this] { add("CLOSED"); }});
      const std::lock_guard lock(mutex_);
      channel_ = std::move(channel);
    });
  }
  void add(std::string_view text) {
    const std::lock_guard lock(mutex_);
    log_ += text;
  }
  std::shared_ptr<Channel> take() {
    const std::lock_guard lock(mutex_);
    return channel_;
  }

  TempTree tree_;
  std::mutex mutex_;
  std::string log_;
  std::shared_ptr<Channel> channel_;
  RunningServer server_;
};

TEST(Channel, SwitchesProtocolsAndCarriesBytesBothWays) {
  ChannelServer server;
  RawClient client((*server).address());
  client.send(kAttach);
  EXPECT_THAT(client.read_until("\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 101 Switching Protocols\r\n"),
                    HasSubstr("\r\nContent-Type: application/vnd.docker.raw-stream\r\n"),
                    HasSubstr("\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"),
                    Not(HasSubstr("Content-Length")), Not(HasSubstr("chunked"))));
  const auto channel = server.await_channel();
  client.send("in");
  EXPECT_TRUE(server.await("in"));
  channel->write(shared("out"));
  channel->write(shared(""));
  channel->write(nullptr);
  EXPECT_EQ(client.read_until("out"), "out");
  EXPECT_TRUE(eventually([&] { return channel->pending() == 0; }));
  channel->write(shared("last"));
  channel->close();
  channel->write(shared("ignored"));
  EXPECT_EQ(client.read_to_end(), "last");
  EXPECT_TRUE(server.await("inCLOSED"));
  EXPECT_TRUE(channel->closed());
}

TEST(Channel, IsABodyWithoutLengthForWhoDidNotAskForAnUpgrade) {
  ChannelServer server;
  RawClient client((*server).address());
  client.send("POST /attach HTTP/1.0\r\n\r\n");
  server.await_channel()->write(shared("out"));
  server.drop();
  EXPECT_THAT(client.read_to_end(),
              AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), EndsWith("\r\n\r\nout"),
                    Not(HasSubstr("Upgrade")), Not(HasSubstr("Length"))));
}

TEST(Channel, LosesNothingThatCameBehindTheRequest) {
  ChannelServer server;
  const RawClient client((*server).address());
  client.send(std::string(kAttach) + "early");
  EXPECT_TRUE(server.await("early"));
  client.send(", late");
  client.shutdown_send();
  EXPECT_TRUE(server.await("early, lateHALF"));
}

TEST(Channel, GoesOnSendingAfterTheClientsHalfClose) {
  ChannelServer server;
  RawClient client((*server).address());
  client.send(std::string(kAttach) + "all of it");
  client.shutdown_send();
  EXPECT_TRUE(server.await("all of itHALF"));
  const auto channel = server.await_channel();
  EXPECT_FALSE(channel->closed());
  channel->write(shared("answer"));
  channel->finish_writing();
  EXPECT_THAT(client.read_to_end(), EndsWith("\r\n\r\nanswer"));
  EXPECT_TRUE(server.await("all of itHALFCLOSED"));
}

TEST(Channel, GoesOnReadingAfterItsOwnHalfClose) {
  ChannelServer server;
  RawClient client((*server).address());
  client.send(kAttach);
  server.await_channel()->finish_writing();
  EXPECT_THAT(client.read_to_end(), EndsWith("Upgrade: tcp\r\n\r\n"));
  client.send("still heard");
  EXPECT_TRUE(server.await("still heard"));
  client.shutdown_send();
  EXPECT_TRUE(server.await("still heardCLOSED"));
}

TEST(Channel, NoticesThatAQuietClientLeftAlsoAfterItsHalfClose) {
  ChannelServer server;
  RawClient client((*server).address());
  client.send(kAttach);
  const auto channel = server.await_channel();
  client.shutdown_send();
  EXPECT_TRUE(server.await("HALF"));
  client.close();
  EXPECT_TRUE(server.await("HALFCLOSED"));
  EXPECT_TRUE(channel->closed());
  EXPECT_EQ(channel->pending(), 0);
}

TEST(Channel, SlowsDownAClientWhoseInputIsNotWanted) {
  ChannelServer server;
  RawClient client((*server).address());
  client.send(kAttach);
  const auto channel = server.await_channel();
  client.send("1");
  EXPECT_TRUE(server.await("1"));
  channel->pause_reading();
  client.send("2");  // A read was under way: it may bring this one.
  EXPECT_TRUE(eventually([&] { return client.is_open(); }));
  constexpr std::size_t kMany = std::size_t{4} << 20;
  std::thread sender([&] { client.send(std::string(kMany, 'x')); });
  channel->write(shared("output goes on"));
  EXPECT_THAT(client.read_until("goes on"), EndsWith("output goes on"));
  EXPECT_LT(server.log().size(), std::size_t{1} << 20);
  channel->resume_reading();
  sender.join();
  EXPECT_TRUE(eventually([&] { return server.log().size() == kMany + 2; }));
}

TEST(Channel, PendingGrowsForAClientThatDoesNotReadAndNoDeadlineEndsIt) {
  ServerLimits limits;
  limits.write_deadline = limits.idle_timeout = std::chrono::milliseconds(20);
  ChannelServer server(limits);
  RawClient client((*server).address());
  client.send(kAttach);
  const auto channel = server.await_channel();
  const auto frame = shared(std::string(1 << 20, 'x'));
  for (int i = 0; i < 4; ++i) channel->write(frame);
  EXPECT_GT(channel->pending(), std::size_t{1} << 20);
  std::this_thread::sleep_for(5 * limits.write_deadline);
  EXPECT_FALSE(channel->closed());
  channel->close();
  std::this_thread::sleep_for(5 * limits.write_deadline);
  EXPECT_GT(client.read_to_end().size(), std::size_t{4} << 20);
}

TEST(Channel, IsSentToTheEndWhenTheServerStops) {
  ChannelServer server;
  RawClient client((*server).address());
  client.send(kAttach);
  const auto channel = server.await_channel();
  channel->write(shared("last"));
  (*server).stop();
  EXPECT_THAT(client.read_to_end(), EndsWith("last"));
  EXPECT_TRUE(channel->closed());
  EXPECT_EQ(server.log(), "CLOSED");
  channel->write(shared("nobody"));
}

TEST(Channel, EndsAtOnceWhenTheClientLeftBeforeItWasOpened) {
  std::shared_ptr<Responder> waiting;
  std::atomic<bool> is_waiting = false;
  const RunningServer server({}, [&](Server& s) {
    s.route("/", {"POST"}, [&](const Request&, Responder responder) {
      waiting = std::make_shared<Responder>(std::move(responder));
      is_waiting = true;
    });
  });
  RawClient client(server.address());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\nearly");
  ASSERT_TRUE(eventually([&] { return is_waiting.load(); }));
  std::atomic<bool> over = false;
  std::string data;
  const auto channel =
      waiting->hijack({}, {.on_data = [&](std::string_view bytes) { data += bytes; },
                           .on_close = [&] { over = true; }});
  client.close();
  EXPECT_TRUE(eventually([&] {
    if (!over) channel->write(shared("x"));  // TCP says only to a writer that nobody is there.
    return over.load();
  }));
  EXPECT_EQ(data, "early");
}

}  // namespace
}  // namespace plimsoll::http
