#include "http/client.h"

#include <gmock/gmock.h>

#include "base/temp_tree.h"
#include "http/test_support.h"

namespace plimsoll::http {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;
using testing::RunningServer;
using testing::shared;

void add_routes(Server& server) {
  server.route("/big", {"GET"}, [](const Request&, Responder responder) {
    responder.send(Response::text(200, std::string(100'000, 'x')));
  });
  server.route("/missing", {"GET"}, [](const Request&, Responder responder) {
    responder.send(Response::json(404, R"({"message":"no such thing"})"));
  });
  server.route("/lines", {"GET"}, [](const Request&, Responder responder) {
    const auto stream = responder.stream({});
    for (int i = 0; i < 10; ++i) stream->write(shared(std::to_string(i) + "\n"));
    stream->finish();
  });
  server.route("/silent", {"GET"}, [&server](const Request&, Responder responder) {
    // Kept until the server goes.
    server.after(std::chrono::hours(1),
                 [kept = std::make_shared<Responder>(std::move(responder))] {});
  });
}

TEST(Client, GetsBodiesWithLengthAndChunks) {
  RunningServer server({}, add_routes);
  const auto big = get(server.address(), "/big");
  ASSERT_TRUE(big) << big.error().message();
  EXPECT_EQ(big->status, 200);
  EXPECT_EQ(big->body, std::string(100'000, 'x'));
  EXPECT_THAT(big->headers, Contains(Pair("content-length", "100000")));
  const auto lines = get(server.address(), "/lines");
  ASSERT_TRUE(lines) << lines.error().message();
  EXPECT_EQ(lines->body, "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
}

TEST(Client, PostsABodyWithItsType) {
  const RunningServer server({}, [](Server& at) {
    at.route("/echo", {"POST"}, [](const Request& request, Responder responder) {
      responder.send(
          Response::text(201, std::string(request.header("content-type")) + ":" + request.body));
    });
  });
  const auto answer = post(server.address(), "/echo", {"application/json", R"({"a":1})"});
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->body, R"(application/json:{"a":1})");
  EXPECT_EQ(post(server.address(), "/echo", {"text/plain", ""})->body, "text/plain:");
}

TEST(Client, SpeaksToUnixSocketsIpv6AndLocalhost) {
  const TempTree tree;
  const std::string socket = "unix:" + tree.path() + "/s.sock";
  RunningServer local({}, add_routes, socket);
  EXPECT_EQ(get(socket, "/big")->status, 200);
  RunningServer all({}, add_routes, ":0");
  const std::string port = all.address().substr(all.address().rfind(':'));
  EXPECT_EQ(get("127.0.0.1" + port, "/big")->status, 200);
  EXPECT_EQ(get("localhost" + port, "/big")->status, 200);
  EXPECT_EQ(get(port, "/big")->status, 200);
}

TEST(Client, SaysThatNobodyListens) {
  const TempTree tree;
  const auto no_file = get("unix:" + tree.path() + "/none.sock", "/");
  ASSERT_FALSE(no_file);
  EXPECT_EQ(no_file.error().kind, ErrorKind::kNotOffered);
  EXPECT_EQ(no_file.error().os_error, ENOENT);
  std::string address;
  {
    RunningServer server({}, add_routes);
    address = server.address();
  }
  const auto refused = get(address, "/");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kNotOffered);
  EXPECT_THAT(refused.error().message(), HasSubstr(address));
}

TEST(Client, ReportsAnyStatusOfGetAndRefusesItForStreams) {
  RunningServer server({}, add_routes);
  EXPECT_EQ(get(server.address(), "/missing")->status, 404);
  const auto refused = stream(server.address(), "/missing", [](std::string_view) { return true; });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kRejected);
  EXPECT_THAT(refused.error().subject, HasSubstr("404 Not Found: {\"message\""));
}

TEST(Client, RefusesBodiesBeyondTheLimit) {
  RunningServer server({}, add_routes);
  const auto big = get(server.address(), "/big", {.max_body = 99'999});
  ASSERT_FALSE(big);
  EXPECT_EQ(big.error().kind, ErrorKind::kRejected);
  EXPECT_TRUE(get(server.address(), "/big", {.max_body = 100'000}));
}

TEST(Client, GivesUpOnAServerThatDoesNotAnswer) {
  RunningServer server({}, add_routes);
  const auto silent = get(server.address(), "/silent", {.timeout = std::chrono::milliseconds(20)});
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().os_error, ETIMEDOUT);
}

TEST(Client, StreamsUntilTheCallerHasEnough) {
  RunningServer server({}, add_routes);
  std::string seen;
  const auto all = stream(server.address(), "/lines", [&](std::string_view piece) {
    seen += piece;
    return true;
  });
  EXPECT_TRUE(all);
  EXPECT_EQ(seen, "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
  int pieces = 0;
  EXPECT_TRUE(stream(server.address(), "/lines", [&](std::string_view) { return ++pieces < 3; }));
  EXPECT_EQ(pieces, 3);
}

TEST(Client, StreamsWhatAPostAnswers) {
  const RunningServer server({}, [](Server& at) {
    at.route("/echo", {"POST"}, [](const Request& request, Responder responder) {
      const auto stream = responder.stream({});
      stream->write(shared(request.body + "\n"));
      stream->write(shared(std::string(request.header("content-type"))));
      stream->finish();
    });
    at.route("/refuse", {"POST"}, [](const Request&, Responder responder) {
      responder.send(Response::text(403, "not you"));
    });
  });
  std::string seen;
  const auto collect = [&](std::string_view piece) {
    seen += piece;
    return true;
  };
  EXPECT_TRUE(stream_post(server.address(), "/echo", {"a/b", "body"}, collect));
  EXPECT_EQ(seen, "body\na/b");
  const auto refused = stream_post(server.address(), "/refuse", {"a/b", ""}, collect);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().subject, HasSubstr("403 Forbidden: not you"));
}

TEST(Client, RefusesTargetsThatAreNotEncoded) {
  for (const char* target : {"", "x", "/a b", "/a\r\nX: y", "/a#b"}) {
    const auto refused = get("127.0.0.1:1", target);
    ASSERT_FALSE(refused) << target;
    EXPECT_EQ(refused.error().kind, ErrorKind::kInvalidInput) << target;
  }
}

}  // namespace
}  // namespace plimsoll::http
