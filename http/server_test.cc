#include "http/server.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <atomic>
#include <mutex>
#include <optional>

#include "base/temp_tree.h"
#include "http/test_support.h"

namespace plimsoll::http {
namespace {

using ::testing::AllOf;
using testing::ask;
using ::testing::ContainsRegex;
using ::testing::EndsWith;
using testing::eventually;
using testing::get_text;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RawClient;
using testing::RunningServer;
using ::testing::StartsWith;

void add_echo(Server& server) {
  server.route("/echo/*", {"GET", "POST"}, [](const Request& request, Responder responder) {
    std::string text = request.method + " " + request.path + "\n";
    for (const auto& [name, value] : request.query) text += name + "=" + value + "\n";
    responder.send(Response::text(200, text + request.body));
  });
}

TEST(Server, AnswersWithLengthDateAndServer) {
  RunningServer server({}, add_echo);
  EXPECT_THAT(ask(server.address(), get_text("/echo/a%20b?x=1&y=%2B+z")),
              AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("\r\nServer: plimsoll\r\n"),
                    ContainsRegex("Date: [A-Z][a-z]+, [0-9]+ [A-Z][a-z]+ [0-9]+ .* GMT\r\n"),
                    HasSubstr("\r\nContent-Type: text/plain; charset=utf-8\r\n"),
                    HasSubstr("\r\nContent-Length: 24\r\n"), HasSubstr("Connection: close\r\n"),
                    EndsWith("\r\n\r\nGET /echo/a b\nx=1\ny=+ z\n")));
}

TEST(Server, AnswersHeadWithTheLengthButNoBody) {
  RunningServer server({}, add_echo);
  const std::string answer =
      ask(server.address(), "HEAD /echo/x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, AllOf(HasSubstr("Content-Length: 13\r\n"), EndsWith("\r\n\r\n")));
}

TEST(Server, ReadsBodiesWithLengthAndChunks) {
  RunningServer server({}, add_echo);
  EXPECT_THAT(ask(server.address(),
                  "POST /echo/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                  "Content-Length: 5\r\n\r\nhello"),
              EndsWith("POST /echo/\nhello"));
  EXPECT_THAT(ask(server.address(),
                  "POST /echo/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nT: v\r\n\r\n"),
              EndsWith("POST /echo/\nhello"));
}

TEST(Server, UnknownPathsAre404AndKnownOnesWithAnotherMethod405) {
  RunningServer server({}, add_echo);
  EXPECT_THAT(ask(server.address(), get_text("/other")), StartsWith("HTTP/1.1 404 Not Found\r\n"));
  EXPECT_THAT(
      ask(server.address(), "DELETE /echo/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
      AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("\r\nAllow: GET, HEAD, POST\r\n")));
}

TEST(Server, KeepsConnectionsAndAnswersPipelinedRequestsInOrder) {
  RunningServer server({}, add_echo);
  RawClient client(server.address());
  client.send(
      "GET /echo/1 HTTP/1.1\r\nHost: h\r\n\r\n"
      "POST /echo/2 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab"
      "GET /echo/3 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.read_answer(), EndsWith("GET /echo/1\n"));
  EXPECT_THAT(client.read_answer(), EndsWith("POST /echo/2\nab"));
  EXPECT_THAT(client.read_answer(), EndsWith("GET /echo/3\n"));
  client.send("GET /echo/4 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.read_answer(), EndsWith("GET /echo/4\n"));
  EXPECT_EQ(server->stats().accepted, 1);
}

TEST(Server, AnswersPipelinedRequestsInOrderWhenTheFirstIsSlow) {
  std::mutex mutex;
  std::optional<Responder> slow;
  RunningServer server({}, [&](Server& s) {
    add_echo(s);
    s.route("/slow", {"GET"}, [&](const Request&, Responder responder) {
      const std::lock_guard lock(mutex);
      slow = std::move(responder);
    });
  });
  RawClient client(server.address());
  client.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\nGET /echo/2 HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(eventually([&] {
    const std::lock_guard lock(mutex);
    return slow.has_value();
  }));
  slow->send(Response::text(200, "slow"));
  EXPECT_THAT(client.read_answer(), EndsWith("slow"));
  EXPECT_THAT(client.read_answer(), EndsWith("GET /echo/2\n"));
}

TEST(Server, ClosesAfterHttp10UnlessAskedToKeep) {
  RunningServer server({}, add_echo);
  EXPECT_THAT(ask(server.address(), "GET /echo/ HTTP/1.0\r\n\r\n"),
              AllOf(HasSubstr("Connection: close\r\n"), EndsWith("GET /echo/\n")));
  RawClient client(server.address());
  for (int i = 0; i < 2; ++i) {
    client.send("GET /echo/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_THAT(client.read_answer(), HasSubstr("Connection: keep-alive\r\n"));
  }
}

TEST(Server, AnswersAClientThatClosedItsSendingSide) {
  RunningServer server({}, add_echo);
  RawClient client(server.address());
  client.send("GET /echo/1 HTTP/1.1\r\nHost: h\r\n\r\nGET /echo/2 HTTP/1.1\r\nHost: h\r\n\r\n");
  client.shutdown_send();
  EXPECT_THAT(client.read_to_end(), AllOf(HasSubstr("GET /echo/1\n"), EndsWith("GET /echo/2\n")));
}

TEST(Server, InvitesABodyThatWaitsForIt) {
  RunningServer server({}, add_echo);
  RawClient client(server.address());
  client.send(
      "POST /echo/ HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ok");
  EXPECT_THAT(client.read_answer(), EndsWith("POST /echo/\nok"));
}

TEST(Server, DroppingTheResponderAnswers500) {
  RunningServer server({}, [](Server& s) {
    s.route("/drop", {"GET"}, [](const Request&, Responder) {});
    s.route("/throw", {"GET"}, [](const Request&, Responder) { throw 1; });
  });
  EXPECT_THAT(ask(server.address(), get_text("/drop")), StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(ask(server.address(), get_text("/throw")), StartsWith("HTTP/1.1 500 "));
}

TEST(Server, AnswersFromAnotherThread) {
  std::vector<std::thread> workers;
  RunningServer server({}, [&](Server& s) {
    s.route("/later", {"GET"}, [&](const Request& request, Responder responder) {
      auto shared = std::make_shared<Responder>(std::move(responder));
      workers.emplace_back([shared, name = *request.parameter("n")] {
        shared->send(Response::json(202, "[" + name + "]"));
        shared->send(Response::text(500, "the second answer is ignored"));
      });
    });
  });
  for (int i = 0; i < 20; ++i) {
    const std::string n = std::to_string(i);
    EXPECT_THAT(ask(server.address(), get_text("/later?n=" + n)),
                AllOf(StartsWith("HTTP/1.1 202 "), HasSubstr("application/json"),
                      EndsWith("\r\n\r\n[" + n + "]")));
  }
  server.stop();
  for (std::thread& worker : workers) worker.join();
}

TEST(Server, AResponderOutlivesItsServer) {
  std::optional<Responder> kept;
  {
    RunningServer server({}, [&](Server& s) {
      s.route("/keep", {"GET"},
              [&](const Request&, Responder responder) { kept = std::move(responder); });
    });
    RawClient client(server.address());
    client.send(get_text("/keep"));
    ASSERT_TRUE(eventually([&] { return server->stats().accepted == 1; }));
    client.close();
    server.stop();
  }
  if (kept) kept->send(Response::text(200, "too late"));
  kept.reset();
}

TEST(Server, HeadersOfAHandlerCannotEndALineOrChangeTheFraming) {
  RunningServer server({}, [](Server& s) {
    s.route("/", {"GET"}, [](const Request&, Responder responder) {
      Response response = Response::text(200, "abc");
      response.headers = {{"X-Name", "a\r\nX-Evil: 1"},
                          {"content-length", "99"},
                          {"Transfer-Encoding", "chunked"},
                          {"Content-Encoding", "identity"}};
      responder.send(std::move(response));
    });
  });
  EXPECT_THAT(ask(server.address(), get_text("/")),
              AllOf(HasSubstr("X-Name: a  X-Evil: 1\r\n"), HasSubstr("Content-Length: 3\r\n"),
                    HasSubstr("Content-Encoding: identity\r\n"), Not(HasSubstr("99")),
                    Not(HasSubstr("chunked"))));
}

TEST(Server, SendsNoBodyWith204) {
  RunningServer server({}, [](Server& s) {
    s.route("/", {"GET"}, [](const Request&, Responder responder) {
      responder.send(Response::text(204, "ignored"));
    });
  });
  EXPECT_THAT(ask(server.address(), get_text("/")),
              AllOf(StartsWith("HTTP/1.1 204 No Content\r\n"), EndsWith("\r\n\r\n"),
                    Not(HasSubstr("Content-Length"))));
}

TEST(Server, SendsLargeBodiesWhole) {
  const auto body = testing::shared(std::string(std::size_t{8} << 20, 'x'));
  RunningServer server({}, [&](Server& s) {
    s.route("/", {"GET"}, [&](const Request&, Responder responder) {
      Response response;
      response.body = body;
      responder.send(std::move(response));
    });
  });
  const std::string answer = ask(server.address(), get_text("/"));
  const std::size_t start = answer.find("\r\n\r\n") + 4;
  EXPECT_EQ(std::string_view(answer).substr(start), *body);
}

TEST(Server, CountsWhatItDoes) {
  RunningServer server({}, add_echo);
  ask(server.address(), get_text("/echo/a"));
  ask(server.address(), get_text("/echo/b"));
  ask(server.address(), get_text("/none"));
  ask(server.address(), "GET / HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return server->stats().connections == 0; }));
  const ServerStats stats = server->stats();
  EXPECT_EQ(stats.accepted, 4);
  EXPECT_EQ(stats.bad_requests, 1);
  EXPECT_EQ(stats.requests, (decltype(stats.requests){
                                {{"/echo/*", 200}, 2}, {{"other", 400}, 1}, {{"other", 404}, 1}}));
}

TEST(Server, RunsPostedAndDelayedTasksOnTheLoopThread) {
  std::thread::id loop;
  std::atomic<int> done = 0;
  RunningServer server({}, [](Server&) {});
  server->post([&] { loop = std::this_thread::get_id(); });
  server->after(std::chrono::milliseconds(2), [&] {
    EXPECT_EQ(std::this_thread::get_id(), loop);
    ++done;
  });
  server->after(std::chrono::hours(1), [&] { ++done; });
  server->after(std::chrono::milliseconds(1), [&] { ++done; });
  EXPECT_TRUE(eventually([&] { return done == 2; }));
}

TEST(Server, StopsBeforeItRanOrWithoutEverRunning) {
  const auto server = Server::create();
  ASSERT_TRUE(server->listen("127.0.0.1:0"));
  server->stop();
  server->run();  // Returns.
  server->run();  // Again.
  const auto never_run = Server::create();
  ASSERT_TRUE(never_run->listen("127.0.0.1:0"));
}

}  // namespace
}  // namespace plimsoll::http
