#include "http/message.h"

#include <gtest/gtest.h>

#include "http/out_queue.h"

namespace plimsoll::http {
namespace {

TEST(Message, DatesAreImfFixdate) {
  EXPECT_EQ(http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");  // The RFC's own example.
  EXPECT_EQ(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST(Message, HeadsSayHowTheBodyEnds) {
  Response response = Response::json(200, "{}");
  response.headers = {{"ETag", "\"x\""}};
  EXPECT_EQ(response_head(response, {}, "D"),
            "HTTP/1.1 200 OK\r\nServer: plimsoll\r\nDate: D\r\nContent-Type: application/json\r\n"
            "ETag: \"x\"\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(response_head({.status = 299, .content_type = "", .headers = {}, .body = nullptr},
                          {Framing::kChunked, Persistence::kClose}, "D"),
            "HTTP/1.1 299 Unknown\r\nServer: plimsoll\r\nDate: D\r\n"
            "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(response_head(Response::text(304, ""), {}, "D"),
            "HTTP/1.1 304 Not Modified\r\nServer: plimsoll\r\nDate: D\r\n\r\n");
}

TEST(Message, DefaultHeadersGiveWayToTheResponsesOwn) {
  const std::pair<std::string, std::string> defaults[] = {{"X-Frame-Options", "deny"},
                                                          {"X-Other", "default"}};
  Response response = Response::text(200, "");
  response.headers.emplace_back("x-frame-options", "mine");
  const std::string head = response_head(response, {}, "now", defaults);
  EXPECT_NE(head.find("x-frame-options: mine\r\n"), std::string::npos);
  EXPECT_EQ(head.find("deny"), std::string::npos);
  EXPECT_NE(head.find("X-Other: default\r\n"), std::string::npos);
}

TEST(Message, HeadersAndParametersAreFoundByName) {
  Request request;
  request.headers = {{"a", "1"}, {"a", "2"}};
  request.query = {{"q", ""}};
  EXPECT_EQ(request.header("a"), "1");
  EXPECT_EQ(request.header("b"), "");
  ASSERT_NE(request.parameter("q"), nullptr);
  EXPECT_EQ(*request.parameter("q"), "");
  EXPECT_EQ(request.parameter("r"), nullptr);
}

std::string joined(std::span<const boost::asio::const_buffer> buffers) {
  std::string text;
  for (const auto& buffer : buffers)
    text.append(static_cast<const char*>(buffer.data()), buffer.size());
  return text;
}

TEST(OutQueue, GathersWhatWasNotTaken) {
  const auto body = std::make_shared<const std::string>("body");
  OutQueue queue;
  queue.push({"head ", body, "!"});
  queue.push({"", nullptr, ""});  // Nothing.
  queue.push({"", body, ""});
  std::array<boost::asio::const_buffer, 8> slots;
  for (std::string left = "head body!body"; !left.empty(); left.erase(0, 1)) {
    EXPECT_EQ(queue.bytes(), left.size());
    EXPECT_EQ(joined(queue.gather(slots)), left);
    queue.consume(1);
  }
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(body.use_count(), 1);
  EXPECT_TRUE(queue.gather(slots).empty());
}

TEST(OutQueue, StopsAtTheLastSlot) {
  OutQueue queue;
  for (int i = 0; i < 10; ++i) queue.push({"a", nullptr, "b"});
  std::array<boost::asio::const_buffer, 3> slots;
  EXPECT_EQ(joined(queue.gather(slots)), "aba");
  queue.consume(3);
  EXPECT_EQ(joined(queue.gather(slots)), "bab");
}

TEST(Message, NamesTheServerAsTheHandlerWants) {
  Response response = Response::text(204, "");
  response.headers = {{"Server", "Docker/1 (linux)"}, {"Upgrade", "h2c"}};
  EXPECT_EQ(response_head(response, {}, "D"),
            "HTTP/1.1 204 No Content\r\nDate: D\r\nServer: Docker/1 (linux)\r\n\r\n");
}

}  // namespace
}  // namespace plimsoll::http
