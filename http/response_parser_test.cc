#include "http/response_parser.h"

#include <gmock/gmock.h>

namespace plimsoll::http {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

// The body and how it ended, or the refusal.
std::string read(std::string_view bytes, std::size_t step) {
  std::string body;
  ResponseParser parser([&](const ResponseHead&, std::string_view piece) {
    body += piece;
    return body.size() < 20;
  });
  while (!bytes.empty()) {
    const auto progress = parser.feed(bytes.substr(0, step));
    bytes.remove_prefix(std::min(step, bytes.size()));
    if (!progress) return progress.error().message();
    if (*progress == ResponseParser::Progress::kEnough) return body + " enough";
    if (*progress == ResponseParser::Progress::kDone)
      return body + " done " + std::to_string(parser.head().status);
  }
  const auto ended = parser.end();
  return ended ? body + " end" : ended.error().message();
}

TEST(ResponseParser, KnowsWhereABodyEnds) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::string chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";
  for (const auto& [text, expected] : std::vector<std::pair<std::string, const char*>>{
           {ok + "Content-Length: 3\r\n\r\nabcd", "abc done 200"},
           {ok + "Content-Length: 0\r\n\r\n", " done 200"},
           {chunked + "3\r\nabc\r\n1;x=y\r\nd\r\n0\r\nT: v\r\n\r\n", "abcd done 200"},
           {chunked + "0\r\n\r\n", " done 200"},
           {ok + "\r\nabc", "abc end"},
           {"HTTP/1.0 404 Not Found\r\n\r\n", " end"},
           {"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", " done 204"},
           {"HTTP/1.1 100 Continue\r\n\r\n" + ok + "Content-Length: 1\r\n\r\nx", "x done 200"},
           {ok + "Content-Length: 30\r\n\r\n01234567890123456789", "01234567890123456789 enough"},
       })
    for (const std::size_t step : {std::size_t{1}, text.size()})
      EXPECT_EQ(read(text, step), expected) << text;
}

TEST(ResponseParser, RefusesWhatIsNoWholeAnswer) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  for (const auto& [text, why] : std::vector<std::pair<std::string, const char*>>{
           {"", "closed without an answer"},
           {"SSH-2.0-x\r\n\r\n", "HTTP response"},
           {"HTTP/1.1 OK\r\n\r\n", "HTTP response"},
           {ok, "cut off"},
           {ok + "Content-Length: 3\r\n\r\nab", "cut off"},
           {ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc", "cut off"},
           {ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n", "cut off"},
           {ok + "Transfer-Encoding: chunked\r\n\r\nx\r\n", "chunk size"},
           {ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", "HTTP response"},
           {"HTTP/1.1 101 Switching Protocols\r\n\r\n", "101"},
           {ok + "A: " + std::string(70'000, 'a'), "HTTP response"},
       })
    for (const std::size_t step : {std::size_t{1}, text.size() + 1})
      EXPECT_THAT(read(text, step), HasSubstr(why)) << text.substr(0, 200);
}

TEST(ResponseParser, KeepsTheHead) {
  ResponseParser parser([](const ResponseHead&, std::string_view) { return true; });
  ASSERT_TRUE(
      parser.feed("HTTP/1.1 404 Not Found\r\nX-A:  b \r\nx-a: c\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_EQ(parser.head().status, 404);
  EXPECT_THAT(parser.head().headers,
              ElementsAre(Pair("x-a", "b"), Pair("x-a", "c"), Pair("content-length", "0")));
}

}  // namespace
}  // namespace plimsoll::http
