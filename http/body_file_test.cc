#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>

#include "base/temp_tree.h"
#include "http/test_support.h"

namespace plimsoll::http {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using testing::eventually;
using ::testing::HasSubstr;
using testing::RawClient;
using testing::RunningServer;
using ::testing::StartsWith;

std::string contents(const Fd& file) {
  std::string text(1 << 20, '\0');
  const ssize_t n = ::read(file.get(), text.data(), text.size());
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return text;
}

// Answers with what it got: "file 5 links 0: hello" or "memory 5: hello".
void describe(const Request& request, Responder responder) {
  if (!request.body_file)
    return responder.send(Response::text(
        200, "memory " + std::to_string(request.body.size()) + ": " + request.body.substr(0, 20)));
  struct stat status{};
  EXPECT_EQ(::fstat(request.body_file->get(), &status), 0);
  EXPECT_TRUE(request.body.empty());
  const std::string head = contents(*request.body_file).substr(0, 20);
  responder.send(Response::text(200, "file " + std::to_string(status.st_size) + " links " +
                                         std::to_string(status.st_nlink) + ": " + head));
}

class BodyFileServer {
 public:
  BodyFileServer()
      : server_(limits(), [this](Server& s) {
          s.route("/*", {}, describe,
                  [this](const Request& head, const std::function<void(BodyRule)>& decide) {
                    ++asked;
                    decide(rule_for(head.path));
                  });
        }) {}

  [[nodiscard]] const std::string& address() const { return server_.address(); }
  std::atomic<int> asked = 0;

 private:
  static ServerLimits limits() {
    ServerLimits limits;
    limits.body_bytes = 8;
    limits.body_deadline = std::chrono::milliseconds(200);
    return limits;
  }
  BodyRule rule_for(const std::string& path) const {
    if (path == "/file") return {.most = 8 << 20, .spool = tree_.path()};
    if (path == "/nowhere") return {.spool = tree_.path() + "/missing"};
    if (path == "/large") return {.most = 64};
    if (path == "/refused")
      return {.refusal = [] { return Response::json(403, R"({"message":"not you"})"); }};
    return {};
  }

  TempTree tree_;
  RunningServer server_;
};

std::string with_length(const std::string& path, const std::string& body) {
  return "PUT " + path + " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

TEST(BodyFile, HoldsABodyOfKnownLength) {
  const BodyFileServer server;
  RawClient client(server.address());
  client.send(with_length("/file", "hello"));
  EXPECT_THAT(client.read_answer(), EndsWith("file 5 links 0: hello"));
  // The connection goes on, with memory as with files.
  client.send(with_length("/memory", "small"));
  EXPECT_THAT(client.read_answer(), EndsWith("memory 5: small"));
  client.send("GET /none HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.read_answer(), EndsWith("memory 0: "));
  EXPECT_EQ(server.asked, 2);  // Nothing is chosen where there is no body.
}

TEST(BodyFile, HoldsAChunkedBodyLargerThanWhatFitsIntoMemory) {
  const BodyFileServer server;
  RawClient client(server.address());
  client.send("PUT /file HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk(100'000, 'x');
  for (int i = 0; i < 50; ++i) client.send("186a0\r\n" + chunk + "\r\n");
  client.send("0\r\n\r\nGET /next HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.read_answer(), HasSubstr("file 5000000 links 0: xxxxx"));
  EXPECT_THAT(client.read_answer(), EndsWith("memory 0: "));
}

TEST(BodyFile, TakesItsTimeAsLongAsSomethingComes) {
  const BodyFileServer server;
  RawClient client(server.address());
  client.send("PUT /file HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n\r\n");
  for (int i = 0; i < 8; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    client.send("x");
  }
  EXPECT_THAT(client.read_answer(), EndsWith("file 8 links 0: xxxxxxxx"));
  client.send("PUT /file HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n\r\nx");
  EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 408 "));
}

TEST(BodyFile, IsLimitedOnItsOwn) {
  const BodyFileServer server;
  EXPECT_THAT(testing::ask(server.address(),
                           "PUT /file HTTP/1.1\r\nHost: h\r\n"
                           "Content-Length: 9000000\r\n\r\nx"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(testing::ask(server.address(), with_length("/memory", "nine byte")),
              StartsWith("HTTP/1.1 413 "));
  RawClient client(server.address());
  client.send(with_length("/large", "more than eight bytes"));
  EXPECT_THAT(client.read_answer(), HasSubstr("memory 21: more than"));
}

TEST(BodyFile, WaitsForLeaveBeforeTheBodyIsSent) {
  const BodyFileServer server;
  RawClient client(server.address());
  client.send("PUT /file HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ok");
  EXPECT_THAT(client.read_answer(), EndsWith("file 2 links 0: ok"));
  client.send(
      "PUT /refused HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_THAT(client.read_to_end(),
              AllOf(StartsWith("HTTP/1.1 403 "), HasSubstr("application/json"),
                    EndsWith(R"({"message":"not you"})")));
}

TEST(BodyFile, SaysWhyItCannotBeKept) {
  const BodyFileServer server;
  EXPECT_THAT(testing::ask(server.address(), with_length("/nowhere", "x")),
              AllOf(StartsWith("HTTP/1.1 500 "), HasSubstr("No such file or directory")));
}

TEST(BodyFile, GoesWithAClientThatLeavesHalfWay) {
  BodyFileServer server;
  RawClient client(server.address());
  client.send("PUT /file HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n" +
              std::string(500'000, 'x'));
  client.close();
  EXPECT_TRUE(eventually([&] { return server.asked == 1; }));
  EXPECT_THAT(testing::ask(server.address(), testing::get_text("/")), EndsWith("memory 0: "));
}

}  // namespace
}  // namespace plimsoll::http
