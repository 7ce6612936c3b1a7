#include "http/request_parser.h"

#include <gmock/gmock.h>

namespace plimsoll::http {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using Stage = RequestParser::Stage;

enum class Feed { kWhole, kByteByByte };

// Until the first request is done, refused, or the text is over.
Stage feed(RequestParser& parser, std::string_view text, Feed how) {
  const std::size_t step = how == Feed::kWhole ? text.size() : 1;
  Stage stage = parser.advance();
  while (!text.empty() && (stage == Stage::kHead || stage == Stage::kBody)) {
    parser.append(text.substr(0, step));
    text.remove_prefix(step);
    stage = parser.advance();
  }
  return stage;
}

const std::string kHost = "Host: h\r\n";
const std::string kPost = "POST / HTTP/1.1\r\n" + kHost;
const std::string kChunked = kPost + "Transfer-Encoding: chunked\r\n\r\n";

struct Accepted {
  std::string text;
  std::string body;
  bool keep_alive;
};

const std::vector<Accepted> kAccepted = {
    {"GET / HTTP/1.1\r\n" + kHost + "\r\n", "", true},
    {"\r\nGET / HTTP/1.1\r\n" + kHost + "\r\n", "", true},
    {"GET / HTTP/1.1\r\nHost:\r\n\r\n", "", true},
    {"GET / HTTP/1.0\r\n\r\n", "", false},
    {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "", true},
    {"GET / HTTP/1.1\r\n" + kHost + "Connection: Close\r\n\r\n", "", false},
    {"GET / HTTP/1.1\r\n" + kHost + "Connection: x, close\r\n\r\n", "", false},
    {"GET http://host/ HTTP/1.1\r\n" + kHost + "\r\n", "", true},
    {"FROBNICATE / HTTP/1.1\r\n" + kHost + "\r\n", "", true},
    {kPost + "Content-Length: 0\r\n\r\n", "", true},
    {kPost + "Content-Length: 003\r\n\r\nabc", "abc", true},
    {kPost + "content-LENGTH:\t3 \r\n\r\na\n\r", "a\n\r", true},
    {kChunked + "0\r\n\r\n", "", true},
    {kChunked + "3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n", "abc0123456789", true},
    {kChunked + "3;x=\"y\\\"z\"\r\nabc\r\n0;q\r\nTrailer: 1\r\n\r\n", "abc", true},
    {kChunked + "1\r\na\r\n0\r\nContent-Length: 5\r\nTransfer-Encoding: x\r\n\r\n", "a", true},
    {kPost + "Transfer-Encoding: Chunked\r\n\r\n01\r\nx\r\n00\r\n\r\n", "x", true},
};

TEST(RequestParser, AcceptsWholeOrByteByByte) {
  for (const Accepted& row : kAccepted)
    for (const Feed how : {Feed::kWhole, Feed::kByteByByte}) {
      RequestParser parser({});
      const Stage stage = feed(parser, row.text, how);
      ASSERT_EQ(stage, Stage::kDone)
          << row.text << (stage == Stage::kBad ? parser.problem().text : "");
      EXPECT_EQ(parser.manner().keep_alive, row.keep_alive) << row.text;
      const Request request = parser.take();
      EXPECT_EQ(request.path, "/");
      EXPECT_EQ(request.body, row.body);
      EXPECT_EQ(parser.buffered(), 0) << row.text;
    }
}

struct Refused {
  std::string text;
  int status;
  const char* why;
};

const std::vector<Refused> kRefused = {
    // Lines.
    {"GET / HTTP/1.1\nHost: h\n\n", 400, "CR LF"},
    {"GET / HTTP/1.1\r\nHost: h\n\r\n", 400, "CR LF"},
    {"GET / HTTP/1.1\r\nHost: h\r\n\n", 400, "CR LF"},
    {"GET / HTTP/1.1\r\nHost: h\r\r\n\r\n", 400, ""},
    {"GET / HTTP/1.1\r\nA: b\rX: y\r\n" + kHost + "\r\n", 400, ""},
    {"GET / HTTP/1.1\r\n" + kHost + "A: b\r\n c\r\n\r\n", 400, "continues"},
    {"GET / HTTP/1.1\r\n" + kHost + "A: b\r\n\tc\r\n\r\n", 400, "continues"},
    {"GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400, "continues"},
    {"\r\n\r\nGET / HTTP/1.1\r\n" + kHost + "\r\n", 400, "not an HTTP"},
    {"\nGET / HTTP/1.1\r\n" + kHost + "\r\n", 400, "not an HTTP"},
    {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), 400, "not an HTTP"},
    // Request line.
    {"GET /\r\n\r\n", 400, "request line"},
    {"GET  / HTTP/1.1\r\n" + kHost + "\r\n", 400, "request line"},
    {"GET / HTTP/1.1 \r\n" + kHost + "\r\n", 400, "request line"},
    {"GET / x HTTP/1.1\r\n" + kHost + "\r\n", 400, "request line"},
    {"G@T / HTTP/1.1\r\n" + kHost + "\r\n", 400, "request line"},
    {"GET / HTTP/1.11\r\n" + kHost + "\r\n", 400, "request line"},
    {"GET / http/1.1\r\n" + kHost + "\r\n", 400, "request line"},
    {"GET / HTTP/2.0\r\n" + kHost + "\r\n", 505, "HTTP/1.0 and 1.1"},
    {"GET / HTTP/1.2\r\n" + kHost + "\r\n", 505, "HTTP/1.0 and 1.1"},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "HTTP/1.0 and 1.1"},
    {"OPTIONS * HTTP/1.1\r\n" + kHost + "\r\n", 400, "start with '/'"},
    {"CONNECT h:80 HTTP/1.1\r\n" + kHost + "\r\n", 400, "start with '/'"},
    {"GET /../x HTTP/1.1\r\n" + kHost + "\r\n", 400, "'..'"},
    {"GET /%00 HTTP/1.1\r\n" + kHost + "\r\n", 400, "NUL"},
    {"GET /%x HTTP/1.1\r\n" + kHost + "\r\n", 400, "escape"},
    {std::string("GET /\0 HTTP/1.1\r\n", 17) + kHost + "\r\n", 400, "request line"},
    // Headers.
    {"GET / HTTP/1.1\r\n\r\n", 400, "no Host"},
    {"GET / HTTP/1.1\r\n" + kHost + kHost + "\r\n", 400, "more than one Host"},
    {"GET / HTTP/1.1\r\n" + kHost + "A : b\r\n\r\n", 400, "header"},
    {"GET / HTTP/1.1\r\n" + kHost + ": b\r\n\r\n", 400, "header"},
    {"GET / HTTP/1.1\r\n" + kHost + "A b\r\n\r\n", 400, "header"},
    {"GET / HTTP/1.1\r\n" + kHost + "A\x80: b\r\n\r\n", 400, "header"},
    {std::string("GET / HTTP/1.1\r\nHost: h\r\nA: \0\r\n\r\n", 33), 400, "header"},
    {"GET / HTTP/1.1\r\n" + kHost + "A: \x01\r\n\r\n", 400, "header"},
    {"GET / HTTP/1.1\r\n" + kHost + "Expect: 200-ok\r\n\r\n", 417, "expectation"},
    // Where does the body end?
    {kPost + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400, "more than one"},
    {kPost + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400, "Content-Length"},
    {kPost + "Content-Length: 3, 3\r\n\r\nabc", 400, "more than one"},
    {kPost + "Content-Length: 3,\r\n\r\nabc", 400, "Content-Length"},
    {kPost + "Content-Length: +3\r\n\r\nabc", 400, "Content-Length"},
    {kPost + "Content-Length: -3\r\n\r\nabc", 400, "Content-Length"},
    {kPost + "Content-Length: 0x3\r\n\r\nabc", 400, "Content-Length"},
    {kPost + "Content-Length: 3 3\r\n\r\nabc", 400, "Content-Length"},
    {kPost + "Content-Length:\r\n\r\n", 400, "Content-Length"},
    {kPost + "Content-Length: 18446744073709551616\r\n\r\n", 400, "Content-Length"},
    {kPost + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, ""},
    {kPost + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400, ""},
    {kPost + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, ""},
    {kPost + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n", 400, ""},
    {kPost + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501, "chunked"},
    {kPost + "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 501, "chunked"},
    {kPost + "Transfer-Encoding: identity\r\n\r\n", 501, "chunked"},
    {kPost + "Transfer-Encoding: xchunked\r\n\r\n", 501, "chunked"},
    {kPost + "Transfer-Encoding:\r\n\r\n", 501, "chunked"},
    {kPost + "Transfer-Encoding : chunked\r\n\r\n", 400, "header"},
    {kPost + "Transfer-Encoding: \x0b"
             "chunked\r\n\r\n",
     400, "header"},
    {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "HTTP/1.0"},
    {kChunked + "x\r\n", 400, "chunk"},
    {kChunked + "\r\n", 400, "chunk"},
    {kChunked + "-1\r\n", 400, "chunk"},
    {kChunked + "0x1\r\na\r\n", 400, "chunk"},
    {kChunked + " 1\r\na\r\n", 400, "chunk"},
    {kChunked + "1 \r\na\r\n", 400, "chunk"},
    {kChunked + "10000000000000000\r\n", 400, "chunk"},
    {kChunked + "1\r\nab\r\n", 400, "chunk"},
    {kChunked + "1\r\na\n0\r\n\r\n", 400, ""},
    {kChunked + "1\na\r\n0\r\n\r\n", 400, ""},
    {kChunked + "1;x=\"\n\"\r\na\r\n0\r\n\r\n", 400, "CR LF"},
    {kChunked + "3;x=\"y\r\nabc\"\r\n0\r\n\r\n", 400, "longer than its size"},
    {kChunked + "0000000000000001\r\na\r\n00000000000000000\r\n", 400, "size"},
    {kChunked + "7fffffffffffffff\r\n", 413, "too large"},
    {kChunked + "1\r\na\r\n7fffffffffffffff\r\n", 400, "size"},
    {kChunked + "1;x=\"\x01\"\r\na\r\n", 400, "extension"},
    {kChunked + "0\r\n folded: 1\r\n\r\n", 400, "trailer"},
    {kChunked + "0\r\nnonsense\r\n\r\n", 400, "trailer"},
    {kChunked + "1\r\na\r\n0\r\nA : b\r\n\r\n", 400, ""},
};

TEST(RequestParser, RefusesWholeOrByteByByte) {
  for (const Refused& row : kRefused)
    for (const Feed how : {Feed::kWhole, Feed::kByteByByte}) {
      RequestParser parser({});
      ASSERT_EQ(feed(parser, row.text, how), Stage::kBad) << row.text;
      EXPECT_EQ(parser.problem().status, row.status) << row.text << parser.problem().text;
      EXPECT_THAT(parser.problem().text, HasSubstr(row.why)) << row.text;
    }
}

TEST(RequestParser, FillsTheRequest) {
  RequestParser parser({});
  const std::string text =
      "PUT /a%20b?x=%31 HTTP/1.1\r\nHOST: h:1\r\nX-Two:  a, b \r\nx-two: c\r\n"
      "Content-Length: 2\r\n\r\nok";
  ASSERT_EQ(feed(parser, text, Feed::kWhole), Stage::kDone);
  const Request request = parser.take();
  EXPECT_EQ(request.method, "PUT");
  EXPECT_EQ(request.target, "/a%20b?x=%31");
  EXPECT_EQ(request.path, "/a b");
  EXPECT_THAT(request.query, ElementsAre(Pair("x", "1")));
  EXPECT_THAT(request.headers, ElementsAre(Pair("host", "h:1"), Pair("x-two", "a, b"),
                                           Pair("x-two", "c"), Pair("content-length", "2")));
  EXPECT_EQ(request.body, "ok");
}

TEST(RequestParser, DropsTrailers) {
  RequestParser parser({});
  ASSERT_EQ(feed(parser, kChunked + "0\r\nHost: other\r\nX: y\r\n\r\n", Feed::kWhole),
            Stage::kDone);
  EXPECT_THAT(parser.take().headers,
              ElementsAre(Pair("host", "h"), Pair("transfer-encoding", "chunked")));
}

TEST(RequestParser, GoesOnWithWhatIsLeft) {
  RequestParser parser({});
  EXPECT_TRUE(parser.empty());
  parser.append(kPost + "Content-Length: 1\r\n\r\nxGET /2 HTTP/1.1\r\n" + kHost + "\r\nGE");
  ASSERT_EQ(parser.advance(), Stage::kDone);
  EXPECT_EQ(parser.take().body, "x");
  parser.next();
  EXPECT_FALSE(parser.empty());
  ASSERT_EQ(parser.advance(), Stage::kDone);
  EXPECT_EQ(parser.take().path, "/2");
  parser.next();
  EXPECT_EQ(parser.advance(), Stage::kHead);
  EXPECT_FALSE(parser.empty());
  EXPECT_EQ(parser.buffered(), 2);
}

TEST(RequestParser, AnEmptyLineBeforeARequestIsNoRequest) {
  RequestParser parser({});
  parser.append("\r\n");
  EXPECT_EQ(parser.advance(), Stage::kHead);
  EXPECT_TRUE(parser.empty());
}

TEST(RequestParser, AnExpectationIsTakenOnceAndOnlyBeforeTheBody) {
  const std::string head = kPost + "Expect: 100-Continue\r\nContent-Length: 2\r\n\r\n";
  RequestParser waiting({});
  ASSERT_EQ(feed(waiting, head, Feed::kWhole), Stage::kBody);
  EXPECT_TRUE(waiting.take_expectation());
  EXPECT_FALSE(waiting.take_expectation());
  RequestParser sending({});
  ASSERT_EQ(feed(sending, head + "o", Feed::kWhole), Stage::kBody);
  EXPECT_FALSE(sending.take_expectation());
  RequestParser old({});
  ASSERT_EQ(feed(old, "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n",
                 Feed::kWhole),
            Stage::kBody);
  EXPECT_FALSE(old.take_expectation());
}

TEST(RequestParser, EnforcesItsLimitsExactly) {
  const std::string line = "GET / HTTP/1.1\r\n" + kHost;
  const ServerLimits limits{.header_bytes = line.size() + 10, .header_count = 2, .body_bytes = 4};
  struct Row {
    std::string text;
    int status;  // 0: accepted.
  };
  const std::string chunked = "POST / HTTP/1.1\r\nHost:\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::string trailers;
  for (int i = 0; i < 20; ++i) trailers += "A: b\r\n";
  const ServerLimits roomy{.header_bytes = 80, .header_count = 2, .body_bytes = 4};
  for (const Row& row :
       {Row{line + "A: bcd\r\n\r\n", 0}, Row{line + "A: bcde\r\n\r\n", 431},
        Row{line + "A: bcdefghijklmnopq", 431}, Row{line + "A:\r\nB:\r\n\r\n", 431}})
    for (const Feed how : {Feed::kWhole, Feed::kByteByByte}) {
      RequestParser parser(limits);
      ASSERT_EQ(feed(parser, row.text, how), row.status == 0 ? Stage::kDone : Stage::kBad);
      EXPECT_EQ(row.status == 0 ? 0 : parser.problem().status, row.status) << row.text;
    }
  for (const Row& row :
       {Row{kPost + "Content-Length: 4\r\n\r\nabcd", 0},
        Row{kPost + "Content-Length: 5\r\n\r\n", 413},
        Row{chunked + "2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n", 0}, Row{chunked + "2\r\nab\r\n3\r\n", 413},
        Row{chunked + "1;" + std::string(100, 'x'), 431},
        Row{chunked + "0\r\nX: " + std::string(100, 'x'), 431},
        Row{chunked + "0\r\n" + trailers + "\r\n", 431}})
    for (const Feed how : {Feed::kWhole, Feed::kByteByByte}) {
      RequestParser parser(roomy);
      ASSERT_EQ(feed(parser, row.text, how), row.status == 0 ? Stage::kDone : Stage::kBad)
          << row.text;
      EXPECT_EQ(row.status == 0 ? 0 : parser.problem().status, row.status) << row.text;
    }
}

TEST(RequestParser, WaitsForLeaveWhereBodiesAreHeld) {
  RequestParser parser({.body_bytes = 2});
  parser.hold_bodies();
  parser.append("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(parser.advance(), Stage::kDone);  // Nothing to hold.
  parser.next();
  parser.append("PUT /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  EXPECT_EQ(parser.advance(), Stage::kHeaded);
  EXPECT_EQ(parser.advance(), Stage::kHeaded);
  EXPECT_EQ(parser.request().path, "/x");
  parser.accept_body(4);
  EXPECT_EQ(parser.advance(), Stage::kBody);
  EXPECT_EQ(parser.take_body(), "abc");
  EXPECT_EQ(parser.body_size(), 0);
  parser.append("1\r\nd\r\n0\r\n\r\nrest");
  EXPECT_EQ(parser.advance(), Stage::kDone);
  EXPECT_EQ(parser.take().body, "d");
  EXPECT_EQ(parser.take_rest(), "rest");
  parser.next();
  parser.append("PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(parser.advance(), Stage::kHeaded);
  parser.accept_body(4);
  EXPECT_EQ(parser.advance(), Stage::kBad);
  EXPECT_EQ(parser.problem().status, 413);
}

}  // namespace
}  // namespace plimsoll::http
