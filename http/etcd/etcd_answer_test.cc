// Answers as etcd 3.4.23 gave them.
#include "http/etcd/etcd_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/etcd/etcd_request.h"

namespace plimsoll::etcd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

#define HEADER                                                                                  \
  "\"header\":{\"cluster_id\":\"15118495548433857066\",\"member_id\":\"1\",\"revision\":\"7\"," \
  "\"raft_term\":\"2\"}"

TEST(EtcdAnswer, GrantsALeaseThatMayBeLongerThanAsked) {
  const auto lease = parse_grant("{" HEADER ",\"ID\":\"4111120169305673477\",\"TTL\":\"5\"}");
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->id, 4111120169305673477);
  EXPECT_EQ(lease->ttl, std::chrono::seconds(5));
  for (const char* text : {"{}", "{\"ID\":\"7\"}", "{\"ID\":\"7\",\"TTL\":\"-1\"}", "[]", "",
                           "{\"ID\":\"seven\",\"TTL\":\"5\"}", "{\"ID\":{},\"TTL\":\"5\"}"})
    EXPECT_FALSE(parse_grant(text)) << text;
}

TEST(EtcdAnswer, ALeaseWithoutATimeIsGone) {
  EXPECT_TRUE(parse_keep_alive("{\"result\":{" HEADER ",\"ID\":\"77\",\"TTL\":\"2\"}}\n"));
  const auto gone = parse_keep_alive("{\"result\":{" HEADER ",\"ID\":\"99\"}}\n");
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().kind, ErrorKind::kGone);
  EXPECT_EQ(parse_keep_alive("{}").error().kind, ErrorKind::kMalformed);
}

TEST(EtcdAnswer, ReadsAPageOfKeys) {
  const auto page =
      parse_page("{" HEADER
                 ",\"kvs\":[{\"key\":\"L3AvYQ==\",\"create_revision\":\"2\",\"mod_revision\":\"2\","
                 "\"version\":\"1\",\"value\":\"eA==\",\"lease\":\"77\"},{\"key\":\"L3AvYg==\"}],"
                 "\"more\":true,"
                 "\"count\":\"9\"}");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->moment.cluster, 15118495548433857066U);
  EXPECT_EQ(page->moment.revision, 7);
  EXPECT_EQ(page->moment.term, 2U);
  EXPECT_TRUE(page->more);
  ASSERT_EQ(page->keys.size(), 2U);
  EXPECT_EQ(page->keys[0].key, "/p/a");
  EXPECT_EQ(page->keys[0].value, "x");
  EXPECT_EQ(page->keys[1].value, "");  // The gateway leaves out what is empty.
  EXPECT_TRUE(parse_page("{" HEADER "}")->keys.empty());
}

TEST(EtcdAnswer, RefusesPagesThatAreNone) {
  for (const char* text : {"{}", "{" HEADER ",\"kvs\":{}}", "{" HEADER ",\"kvs\":[1]}",
                           "{" HEADER ",\"kvs\":[{}]}", "{" HEADER ",\"kvs\":[{\"key\":\"*\"}]}",
                           "{" HEADER ",\"more\":1}", "{\"header\":{\"revision\":\"x\"}}"})
    EXPECT_EQ(parse_page(text).error().kind, ErrorKind::kMalformed) << text;
}

TEST(EtcdAnswer, ReadsWhatAWatchTells) {
  const auto started = parse_news("{\"result\":{" HEADER ",\"created\":true}}");
  ASSERT_TRUE(started);
  EXPECT_TRUE(started->started);
  const auto news = parse_news(
      "{\"result\":{" HEADER
      ",\"events\":[{\"kv\":{\"key\":\"L3AvYQ==\",\"mod_revision\":\"3\","
      "\"value\":\"eQ==\"}},{\"type\":\"DELETE\",\"kv\":{\"key\":\"L3AvYg==\",\"mod_revision\":"
      "\"4\"}}]}}");
  ASSERT_TRUE(news);
  ASSERT_EQ(news->changes.size(), 2U);
  EXPECT_EQ(news->changes[0].value, "y");
  EXPECT_EQ(news->changes[1].key, "/p/b");
  EXPECT_EQ(news->changes[1].value, std::nullopt);
  EXPECT_EQ(news->through, 4);
}

TEST(EtcdAnswer, SaysHowAWatchEnds) {
  EXPECT_TRUE(parse_news("{\"result\":{" HEADER ",\"canceled\":true,\"compact_revision\":\"2\"}}")
                  ->compacted);
  const auto ended =
      parse_news("{\"result\":{" HEADER ",\"canceled\":true,\"cancel_reason\":\"no leader\"}}");
  EXPECT_EQ(ended.error().kind, ErrorKind::kBusy);
  EXPECT_THAT(ended.error().subject, HasSubstr("no leader"));
  const auto refused =
      parse_news("{\"error\":{\"grpc_code\":7,\"http_code\":403,\"message\":\"not yours\"}}");
  EXPECT_EQ(refused.error().kind, ErrorKind::kDenied);
  EXPECT_EQ(refused.error().subject, "not yours");
}

TEST(EtcdAnswer, SortsErrorsByTheirCodes) {
  const auto of = [](int status, const std::string& code) {
    return error_of(status, "{\"error\":\"x\",\"message\":\"x\",\"code\":" + code + "}").kind;
  };
  EXPECT_EQ(of(404, "5"), ErrorKind::kGone);
  EXPECT_EQ(of(400, "11"), ErrorKind::kGone);
  EXPECT_EQ(of(401, "16"), ErrorKind::kDenied);
  EXPECT_EQ(of(400, "3"), ErrorKind::kRejected);
  EXPECT_EQ(of(503, "14"), ErrorKind::kBusy);
  const Error strange = error_of(502, "<html>bad \xff gateway</html>");
  EXPECT_EQ(strange.kind, ErrorKind::kBusy);
  EXPECT_THAT(strange.subject, HasSubstr("502"));
  EXPECT_EQ(error_of(404, "404 page not found").kind, ErrorKind::kRejected);
}

TEST(EtcdAnswer, TakesTokensThatFitIntoAHeader) {
  EXPECT_EQ(*parse_token("{" HEADER ",\"token\":\"abc.12\"}"), "abc.12");
  for (const char* text :
       {"{}", "{\"token\":\"\"}", "{\"token\":\"a\\r\\nX: y\"}", "{\"token\":7}"})
    EXPECT_FALSE(parse_token(text)) << text;
}

TEST(LineCollector, PutsLinesTogether) {
  LineCollector lines;
  std::vector<std::string> seen;
  const auto on_line = [&](std::string_view line) -> Result<bool> {
    seen.emplace_back(line);
    return line != "stop";
  };
  EXPECT_TRUE(*lines.add("{\"a\"", on_line));
  EXPECT_TRUE(*lines.add(":1}\n\n{}", on_line));
  EXPECT_TRUE(*lines.add("\n", on_line));
  EXPECT_FALSE(*lines.add("stop\nmore\n", on_line));
  EXPECT_THAT(seen, ElementsAre("{\"a\":1}", "{}", "stop"));
}

TEST(LineCollector, HasABound) {
  LineCollector lines;
  const std::string much(kMaxAnswer, 'x');
  const auto on_line = [](std::string_view) -> Result<bool> { return true; };
  ASSERT_TRUE(lines.add(much, on_line));
  EXPECT_EQ(lines.add("x", on_line).error().kind, ErrorKind::kRejected);
}

TEST(EtcdRequest, SpellsWhatTheGatewayReads) {
  const std::vector<KeyChange> changes = {{"/p/a", "x"}, {"/p/b", std::nullopt}};
  EXPECT_EQ(write_request(changes, 77),
            "{\"success\":[{\"request_put\":{\"key\":\"L3AvYQ==\",\"value\":\"eA==\",\"lease\":"
            "\"77\"}},{\"request_delete_range\":{\"key\":\"L3AvYg==\"}}]}");
  EXPECT_EQ(page_request("a", "b", 0, 5),
            "{\"key\":\"YQ==\",\"range_end\":\"Yg==\",\"limit\":\"5\"}");
  EXPECT_EQ(watch_request("a", "b", 8),
            "{\"create_request\":{\"key\":\"YQ==\",\"range_end\":\"Yg==\",\"start_revision\":"
            "\"8\"}}");
  EXPECT_EQ(login_request("a\"b", "p"), "{\"name\":\"a\\\"b\",\"password\":\"p\"}");
  EXPECT_EQ(end_of("/p/"), "/p0");
  EXPECT_EQ(end_of("a\xff"), "b");
}

}  // namespace
}  // namespace plimsoll::etcd
