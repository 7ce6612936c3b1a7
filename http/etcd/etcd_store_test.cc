// The client against a server that answers as the gateway does.
#include "http/etcd/etcd_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "base/temp_tree.h"
#include "http/test_support.h"

namespace plimsoll::etcd {
namespace {

using http::Request;
using http::Responder;
using http::Response;
using http::testing::RunningServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kHeader =
    R"("header":{"cluster_id":"1","member_id":"1","revision":"7","raft_term":"2"})";

struct Gateway {
  // What arrived, as "path authorization"; the loop thread's until the server stops.
  std::vector<std::string> asked;
  std::string token = "t1";  // "": nobody needs one.
  int tokens = 0;

  std::function<void(http::Server&)> routes() {
    return [this](http::Server& server) {
      server.route("/v3/lease/grant", {"POST"}, [this](const Request& request, Responder answer) {
        asked.push_back("grant " + std::string(request.header("authorization")));
        if (!token.empty() && request.header("authorization") != token)
          return answer.send(Response::json(401, R"({"message":"invalid token","code":16})"));
        answer.send(Response::json(200, std::string("{") + kHeader + R"(,"ID":"7","TTL":"10"})"));
      });
      server.route(
          "/v3/auth/authenticate", {"POST"}, [this](const Request& request, Responder answer) {
            asked.push_back("login " + request.body);
            token = "t" + std::to_string(++tokens);
            answer.send(
                Response::json(200, std::string("{") + kHeader + R"(,"token":")" + token + "\"}"));
          });
      server.route("/v3/watch", {"POST"}, [this](const Request& request, Responder answer) {
        asked.push_back("watch " + request.body);
        const auto stream = answer.stream({});
        stream->write(http::testing::shared(std::string(R"({"result":{)") + kHeader +
                                            R"(,"created":true}})" + "\n"));
        kept.push_back(stream);  // Open until the server goes.
      });
      server.route("/v3/kv/range", {"POST"}, [](const Request&, Responder answer) {
        answer.send(Response::json(400, R"({"message":"compacted","code":11})"));
      });
    };
  }
  std::vector<std::shared_ptr<http::Stream>> kept;
};

std::unique_ptr<EtcdStore> store_of(EtcdOptions options) {
  auto store = EtcdStore::create(std::move(options));
  EXPECT_TRUE(store) << store.error().message();
  return *std::move(store);
}

std::string closed_address() {
  const RunningServer server({}, [](http::Server&) {});
  return server.address();
}

TEST(EtcdStore, TriesEndpointsInTurnAndStaysWithTheOneThatAnswers) {
  Gateway gateway;
  gateway.token = "";
  RunningServer server({}, gateway.routes());
  const std::string nobody = "http://" + closed_address();
  const auto store = store_of({.endpoints = {nobody, "http://" + server.address() + "/"}});
  const auto lease = store->grant(std::chrono::seconds(10));
  ASSERT_TRUE(lease) << lease.error().message();
  EXPECT_EQ(lease->id, 7);
  server.stop();
  const auto none = store->grant(std::chrono::seconds(10));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::kNotOffered);
}

TEST(EtcdStore, AsksForATokenAndForAnotherWhenItEnded) {
  const TempTree tree;
  tree.write("password", "secret\n");
  Gateway gateway;
  RunningServer server({}, gateway.routes());
  const auto store = store_of({.endpoints = {"http://" + server.address()},
                               .user = "u",
                               .password_file = tree.path() + "/password"});
  ASSERT_TRUE(store->grant(std::chrono::seconds(10)));
  gateway.token = "t-else";  // As after a restart; nothing is asked just now.
  ASSERT_TRUE(store->grant(std::chrono::seconds(10)));
  server.stop();
  const std::string login = R"(login {"name":"u","password":"secret"})";
  EXPECT_THAT(gateway.asked, ElementsAre(login, "grant t1", "grant t1", login, "grant t2"));
}

TEST(EtcdStore, TellsWhoRefused) {
  Gateway gateway;
  const RunningServer server({}, gateway.routes());
  const auto store = store_of({.endpoints = {"http://" + server.address()}});
  const auto denied = store->grant(std::chrono::seconds(10));
  ASSERT_FALSE(denied);
  EXPECT_EQ(denied.error().kind, ErrorKind::kDenied);
  EXPECT_THAT(denied.error().message(), HasSubstr(server.address()));
  EXPECT_THAT(denied.error().message(), HasSubstr("invalid token"));
  EXPECT_EQ(store->page("a", "b", 1).error().kind, ErrorKind::kGone);
}

TEST(EtcdStore, EndsAWatchThatIsSilentOrCancelled) {
  Gateway gateway;
  const RunningServer server({}, gateway.routes());
  const auto impatient = store_of({.endpoints = {"http://" + server.address()},
                                   .watch_silence = std::chrono::milliseconds(20)});
  EXPECT_TRUE(impatient->watch("a", "b", 8, [](const KeyNews&) { return true; }));
  const auto store = store_of({.endpoints = {"http://" + server.address()}});
  std::atomic<bool> started = false;
  const std::jthread canceller([&] {
    while (!started) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    store->cancel();
  });
  const auto begun = std::chrono::steady_clock::now();
  (void)store->watch("a", "b", 8, [&](const KeyNews& news) {
    started = news.started;
    return true;
  });
  EXPECT_LT(std::chrono::steady_clock::now() - begun, http::testing::kPatience);  // Not its minute.
  EXPECT_FALSE(store->grant(std::chrono::seconds(10)));
}

TEST(EtcdStore, RefusesWhatIsNoEndpoint) {
  for (const char* url :
       {"", "127.0.0.1:2379", "http://", "http://:2379", "http://host", "http://127.0.0.1:1/v3",
        "http://localhost:p@127.0.0.1:1", "https://[::1]", "http://127.0.0.1 :1"})
    EXPECT_EQ(EtcdStore::create({.endpoints = {url}}).error().kind, ErrorKind::kInvalidInput)
        << url;
  EXPECT_FALSE(EtcdStore::create({}));
  EXPECT_FALSE(EtcdStore::create({.endpoints = {"http://127.0.0.1:1"}, .ca_file = "/ca.pem"}));
  EXPECT_FALSE(EtcdStore::create({.endpoints = {"http://127.0.0.1:1"}, .password_file = "/p"}));
  EXPECT_FALSE(
      EtcdStore::create({.endpoints = {"https://127.0.0.1:1"}, .ca_file = "/no/such/ca.pem"}));
}

}  // namespace
}  // namespace plimsoll::etcd
