// Clients that are slow, greedy or gone. Deadlines are made short by the limits; nothing here
// asserts how long anything took.
#include <gmock/gmock.h>

#include <atomic>
#include <filesystem>
#include <mutex>

#include "http/test_support.h"

namespace plimsoll::http {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using testing::ask;
using ::testing::EndsWith;
using testing::eventually;
using testing::get_text;
using ::testing::HasSubstr;
using testing::RawClient;
using testing::RunningServer;
using testing::shared;
using ::testing::StartsWith;

const std::string kRequest = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n";

void add_routes(Server& server) {
  server.route("/x", {"GET", "POST"}, [](const Request&, Responder responder) {
    responder.send(Response::text(200, "fine"));
  });
  const auto large = shared(std::string(std::size_t{32} << 20, 'x'));
  server.route("/large", {"GET"}, [large](const Request&, Responder responder) {
    Response response;
    response.body = large;
    responder.send(std::move(response));
  });
}

TEST(ServerLimits, MalformedRequestsGetAnAnswerAndTheEnd) {
  RunningServer server({}, add_routes);
  struct Row {
    std::string text;
    const char* status;
  };
  for (const Row& row :
       {Row{"GET / HTTP/1.1\nHost: h\n\n", "400 Bad Request"},
        Row{std::string("\x16\x03\x01\x02\x00", 5), "400 Bad Request"},
        Row{"GET /../etc/passwd HTTP/1.1\r\nHost: h\r\n\r\n", "400 Bad Request"},
        Row{"GET /x HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n", "400 Bad Request"},
        Row{"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
            "0\r\n\r\nGET /large HTTP/1.1\r\nHost: h\r\n\r\n",
            "400 Bad Request"},
        Row{"GET /x HTTP/3.0\r\nHost: h\r\n\r\n", "505 HTTP Version Not Supported"},
        Row{"GET /x HTTP/1.1\r\nA: " + std::string(17 * 1024, 'a'),
            "431 Request Header Fields Too Large"},
        Row{"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1048577\r\n\r\n",
            "413 Content Too Large"}}) {
    // One answer, and nothing that follows is taken for a request.
    EXPECT_THAT(ask(server.address(), row.text),
                AllOf(StartsWith(std::string("HTTP/1.1 ") + row.status + "\r\n"),
                      HasSubstr("\r\nConnection: close\r\n"), EndsWith("\n"),
                      ::testing::Not(HasSubstr("fine"))));
  }
  EXPECT_EQ(server->stats().bad_requests, 8);
}

TEST(ServerLimits, ARefusedUploadStillReadsItsAnswer) {
  RunningServer server({}, add_routes);
  RawClient client(server.address());
  // Closing at once would reset the connection under the answer.
  client.try_send("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1048577\r\n\r\n" +
                  std::string(500'000, 'x'));
  EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 413 "));
}

TEST(ServerLimits, SlowHeadersAre408) {
  RunningServer server({.header_deadline = milliseconds(40)}, add_routes);
  RawClient half(server.address());
  half.send("GET /x HTTP/1.1\r\nHo");
  EXPECT_THAT(half.read_to_end(), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
  // Progress buys no time: each byte arrives within the deadline, the whole does not.
  RawClient drip(server.address());
  std::thread dripping([&] {
    for (const char c : "GET /x HTTP/1.1\r\nHost: h\r\nA: " + std::string(200, 'a')) {
      drip.try_send(std::string_view(&c, 1));
      std::this_thread::sleep_for(milliseconds(2));
    }
  });
  EXPECT_THAT(drip.read_to_end(), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
  dripping.join();
  RawClient silent(server.address());
  EXPECT_EQ(silent.read_to_end(), "");
  EXPECT_EQ(server->stats().timeouts, 3);
}

TEST(ServerLimits, SlowHeadersOfALaterRequestAre408) {
  RunningServer server({.header_deadline = milliseconds(40)}, add_routes);
  RawClient client(server.address());
  client.send(kRequest + "GET");
  EXPECT_THAT(client.read_answer(), EndsWith("fine"));
  EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 408 "));
}

TEST(ServerLimits, SlowBodiesAre408) {
  RunningServer server({.body_deadline = milliseconds(40)}, add_routes);
  EXPECT_THAT(ask(server.address(), "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab"),
              StartsWith("HTTP/1.1 408 "));
  EXPECT_EQ(server->stats().timeouts, 1);
}

TEST(ServerLimits, IdleConnectionsAreClosedWithoutAnAnswer) {
  RunningServer server({.idle_timeout = milliseconds(40)}, add_routes);
  RawClient client(server.address());
  client.send(kRequest);
  EXPECT_THAT(client.read_answer(), EndsWith("fine"));
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_EQ(server->stats().timeouts, 0);
}

TEST(ServerLimits, AnAnswerNobodyReadsIsGivenUp) {
  RunningServer server({.write_deadline = milliseconds(40)}, add_routes);
  RawClient client(server.address());
  client.send("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(eventually([&] { return server->stats().timeouts == 1; }));
  EXPECT_TRUE(eventually([&] { return server->stats().connections == 0; }));
}

TEST(ServerLimits, HalfOpenConnectionsLeaveANewClientServed) {
  RunningServer server({}, add_routes);
  std::vector<std::unique_ptr<RawClient>> half_open;
  for (int i = 0; i < 500; ++i) {
    half_open.push_back(std::make_unique<RawClient>(server.address()));
    half_open.back()->send("GET /x HTTP/1.1\r\nHost:");
  }
  EXPECT_THAT(ask(server.address(), get_text("/x")), EndsWith("fine"));
  EXPECT_TRUE(half_open.front()->is_open());
}

TEST(ServerLimits, TheCapShedsTheLongestIdle) {
  RunningServer server({.connections = 3}, add_routes);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<RawClient>(server.address()));
    clients.back()->send(kRequest);
    EXPECT_THAT(clients.back()->read_answer(), EndsWith("fine"));
  }
  clients[0]->send(kRequest);  // Now the second is idle longest.
  EXPECT_THAT(clients[0]->read_answer(), EndsWith("fine"));
  RawClient newcomer(server.address());
  newcomer.send(kRequest);
  EXPECT_THAT(newcomer.read_answer(), EndsWith("fine"));
  EXPECT_EQ(clients[1]->read_to_end(), "");
  EXPECT_TRUE(clients[0]->is_open());
  EXPECT_TRUE(clients[2]->is_open());
  EXPECT_EQ(server->stats().shed, 1);
  EXPECT_EQ(server->stats().connections, 3);
}

TEST(ServerLimits, TheCapRefusesNewcomersWhenNobodyIsIdle) {
  std::mutex mutex;
  std::vector<Responder> held;
  RunningServer server({.connections = 2}, [&](Server& s) {
    add_routes(s);
    s.route("/hold", {"GET"}, [&](const Request&, Responder responder) {
      const std::lock_guard lock(mutex);
      held.push_back(std::move(responder));
    });
  });
  RawClient first(server.address());
  RawClient second(server.address());
  first.send("GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
  second.send("GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(eventually([&] {
    const std::lock_guard lock(mutex);
    return held.size() == 2;
  }));
  EXPECT_EQ(ask(server.address(), get_text("/x")), "");
  EXPECT_EQ(server->stats().refused, 1);
  EXPECT_EQ(server->stats().shed, 0);
  for (Responder& responder : held) responder.send(Response::text(200, "held"));
  EXPECT_THAT(first.read_answer(), EndsWith("held"));
  EXPECT_THAT(second.read_answer(), EndsWith("held"));
  EXPECT_THAT(ask(server.address(), get_text("/x")), EndsWith("fine"));
}

TEST(ServerLimits, DescriptorsAreGivenBack) {
  const auto count = [] {
    const std::filesystem::directory_iterator fds("/proc/self/fd");
    return std::distance(begin(fds), end(fds));
  };
  const auto before = count();
  {
    RunningServer server({}, add_routes);
    for (int i = 0; i < 50; ++i) {
      ask(server.address(), get_text("/x"));
      RawClient(server.address()).send("GET");
      ask(server.address(), "nonsense\n");
    }
    RawClient open(server.address());
    open.send("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
    open.close();
  }
  EXPECT_EQ(count(), before);
}

}  // namespace
}  // namespace plimsoll::http
