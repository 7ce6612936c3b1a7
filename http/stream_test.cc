#include <gmock/gmock.h>

#include <atomic>
#include <mutex>

#include "http/client.h"
#include "http/test_support.h"

namespace plimsoll::http {
namespace {

using ::testing::AllOf;
using testing::ask;
using ::testing::EndsWith;
using testing::eventually;
using testing::get_text;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RawClient;
using testing::RunningServer;
using testing::shared;
using ::testing::StartsWith;

// "/stream" opens a stream that the test holds; "/plain" shows that others are served.
class StreamServer {
 public:
  explicit StreamServer(const ServerLimits& limits = {})
      : server_(limits, [this](Server& s) { add_routes(s); }) {}

  std::shared_ptr<Stream> await_stream() {
    EXPECT_TRUE(eventually([&] { return take() != nullptr; }));
    return take();
  }
  RunningServer& operator*() { return server_; }
  RunningServer* operator->() { return &server_; }
  std::atomic<int> closed = 0;  // Calls of on_close.

 private:
  void add_routes(Server& server) {
    server.route("/stream", {"GET"}, [this](const Request&, Responder responder) {
      Response head;
      head.content_type = "application/x-ndjson";
      auto stream = responder.stream(std::move(head), [this] { ++closed; });
      const std::lock_guard lock(mutex_);
      stream_ = std::move(stream);
    });
    server.route("/plain", {"GET"}, [](const Request&, Responder responder) {
      responder.send(Response::text(200, "plain"));
    });
  }
  std::shared_ptr<Stream> take() {
    const std::lock_guard lock(mutex_);
    return stream_;
  }

  std::mutex mutex_;
  std::shared_ptr<Stream> stream_;
  RunningServer server_;
};

TEST(Stream, SendsFramesAsChunksAndKeepsTheConnectionAfterTheEnd) {
  StreamServer server;
  RawClient client((*server).address());
  client.send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.read_until("\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("Transfer-Encoding: chunked\r\n"),
                    HasSubstr("application/x-ndjson"), Not(HasSubstr("Content-Length"))));
  const auto stream = server.await_stream();
  stream->write(shared("first frame, 25 bytes...\n"));
  EXPECT_EQ(client.read_until("...\n\r\n"), "19\r\nfirst frame, 25 bytes...\n\r\n");
  stream->write(shared(""));  // Not the end.
  stream->write(nullptr);
  stream->write(shared("x"));
  stream->finish();
  stream->write(shared("ignored"));
  EXPECT_EQ(client.read_until("0\r\n\r\n"), "1\r\nx\r\n0\r\n\r\n");
  client.send("GET /plain HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.read_answer(), EndsWith("plain"));
  EXPECT_EQ(server.closed, 0);
  EXPECT_TRUE(eventually([&] { return stream->pending() == 0; }));
}

TEST(Stream, IsDelimitedByTheEndForHttp10) {
  StreamServer server;
  RawClient client((*server).address());
  client.send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const auto stream = server.await_stream();
  stream->write(shared("frame\n"));
  stream->finish();
  EXPECT_THAT(client.read_to_end(), AllOf(HasSubstr("Connection: close\r\n"),
                                          EndsWith("\r\n\r\nframe\n"), Not(HasSubstr("chunked"))));
}

TEST(Stream, SendsOnlyTheHeadForHead) {
  StreamServer server;
  EXPECT_THAT(
      ask((*server).address(), "HEAD /stream HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
      AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), EndsWith("\r\n\r\n")));
  EXPECT_TRUE(server.await_stream()->closed());
  EXPECT_TRUE(eventually([&] { return server.closed == 1; }));
}

TEST(Stream, NoticesThatTheClientLeftWithoutWriting) {
  StreamServer server;
  RawClient client((*server).address());
  client.send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
  const auto stream = server.await_stream();
  EXPECT_FALSE(stream->closed());
  client.close();
  EXPECT_TRUE(eventually([&] { return server.closed == 1; }));
  EXPECT_TRUE(stream->closed());
  EXPECT_EQ(stream->pending(), 0);
  stream->write(shared("nobody reads"));
  stream->finish();
}

TEST(Stream, PendingGrowsForAClientThatNeverReadsAndOthersAreServed) {
  StreamServer server;
  RawClient client((*server).address());
  client.send(get_text("/stream"));
  const auto stream = server.await_stream();
  const auto frame = shared(std::string(1 << 20, 'x'));
  for (int i = 0; i < 20; ++i) stream->write(frame);
  EXPECT_GT(stream->pending(), std::size_t{1} << 20);
  EXPECT_THAT(ask((*server).address(), get_text("/plain")), EndsWith("plain"));
  // What the kernel did not take stays pending; the frame was not copied for it.
  EXPECT_GT(stream->pending(), std::size_t{1} << 20);
  EXPECT_GT(frame.use_count(), 2);
  stream->finish();
  EXPECT_GT(client.read_to_end().size(), std::size_t{20} << 20);
}

TEST(Stream, LetsACopierWaitForItsClient) {
  StreamServer server;
  RawClient client((*server).address());
  client.send(get_text("/stream"));
  const auto stream = server.await_stream();
  constexpr std::size_t kMost = std::size_t{1} << 20;
  std::size_t frames = 0;
  std::thread copier([&] {
    const auto frame = shared(std::string(kMost, 'x'));
    while (frames < 20 && stream->wait_for_room(kMost)) {
      EXPECT_LE(stream->pending(), kMost);
      stream->write(frame);
      ++frames;
    }
    stream->finish();
  });
  EXPECT_GT(client.read_to_end().size(), std::size_t{20} << 20);
  copier.join();
  EXPECT_EQ(frames, 20);
}

TEST(Stream, WaitsNoLongerForAClientThatLeft) {
  StreamServer server;
  RawClient client((*server).address());
  client.send(get_text("/stream"));
  const auto stream = server.await_stream();
  stream->write(shared(std::string(std::size_t{20} << 20, 'x')));
  std::thread copier([&] { EXPECT_FALSE(stream->wait_for_room(0)); });
  client.close();
  copier.join();
}

TEST(Stream, IsCutWhenTheProducerDropsIt) {
  StreamServer server;
  std::weak_ptr<Stream> watch;
  RunningServer dropping({}, [&](Server& s) {
    s.route("/", {"GET"}, [](const Request&, Responder responder) {
      responder.stream({})->write(shared("part"));
    });
  });
  const auto all = stream(dropping.address(), "/", [](std::string_view) { return true; });
  ASSERT_FALSE(all);
  EXPECT_THAT(all.error().message(), HasSubstr("cut off"));
}

TEST(Stream, OutlivesTheClientsHalfCloseWhereThatIsIgnored) {
  RunningServer server({}, [&](Server& s) {
    s.route("/", {"GET"}, [&s](const Request&, Responder responder) {
      const auto stream = responder.stream({}, {}, HalfClose::kIgnored);
      s.after(std::chrono::milliseconds(20), [stream] {
        stream->write(shared("late"));
        stream->finish();
      });
    });
  });
  RawClient client(server.address());
  client.send("GET / HTTP/1.0\r\n\r\n");
  client.shutdown_send();
  EXPECT_THAT(client.read_to_end(), EndsWith("\r\n\r\nlate"));
}

TEST(Stream, EndsWhenTheServerStops) {
  StreamServer server;
  RawClient client((*server).address());
  client.send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
  const auto stream = server.await_stream();
  stream->write(shared("last\n"));
  (*server).stop();
  EXPECT_THAT(client.read_to_end(), EndsWith("last\n\r\n0\r\n\r\n"));
  EXPECT_TRUE(stream->closed());
  EXPECT_EQ(server.closed, 1);
}

TEST(Stream, WritesFromManyThreadsArriveWhole) {
  StreamServer server;
  RawClient client((*server).address());
  client.send("GET /stream HTTP/1.0\r\n\r\n");
  const auto stream = server.await_stream();
  constexpr int kThreads = 4;
  constexpr int kFrames = 500;
  std::vector<std::thread> writers;
  for (int t = 0; t < kThreads; ++t)
    writers.emplace_back([&stream, t] {
      const auto frame = shared(std::string(1, static_cast<char>('a' + t)) + "------\n");
      for (int i = 0; i < kFrames; ++i) stream->write(frame);
    });
  for (std::thread& writer : writers) writer.join();
  stream->finish();
  const std::string answer = client.read_to_end();
  std::string_view body = std::string_view(answer).substr(answer.find("\r\n\r\n") + 4);
  EXPECT_EQ(body.size(), std::size_t{8} * kThreads * kFrames);
  for (; !body.empty(); body.remove_prefix(8)) ASSERT_EQ(body.substr(1, 7), "------\n");
}

}  // namespace
}  // namespace plimsoll::http
