// The gate before a server: passwords, Host check, rate limit, headers, reloading.
#include "http/access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "base/fake_clock.h"
#include "base/temp_tree.h"
#include "http/gate.h"
#include "http/test_support.h"

namespace plimsoll::http {
namespace {

using testing::ask;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RunningServer;
using ::testing::StartsWith;

constexpr const char* kUsers =
    "basic_auth_users:\n"
    "  alice: $2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi\n";
constexpr const char* kAlice = "Authorization: Basic YWxpY2U6ZmFrZXBhc3N3b3Jk\r\n";
constexpr const char* kGuess = "Authorization: Basic YWxpY2U6Z3Vlc3M=\r\n";

class Guarded {
 public:
  explicit Guarded(const std::string& config, std::vector<std::string> hosts = {},
                   const std::string& address = "127.0.0.1:0")
      : tree_{{"web.yml", config}},
        access_(*Access::create({config.empty() ? "" : path(), std::move(hosts)}, clock_)),
        server_(
            {},
            [&](Server& server) {
              server.guard(access_->gate());
              server.route("/-/healthy", {"GET"}, [](const Request&, Responder responder) {
                responder.send(Response::text(200, "healthy\n"));
              });
              server.route("/post", {"POST"}, [](const Request& request, Responder responder) {
                Response response = Response::text(200, "got " + request.body);
                response.headers.emplace_back("X-Frame-Options", "mine");
                responder.send(std::move(response));
              });
            },
            address) {}

  std::string get(const std::string& target, const std::string& headers = {},
                  const std::string& host = "localhost") {
    return ask(server_.address(), "GET " + target + " HTTP/1.1\r\nHost: " + host +
                                      "\r\nConnection: close\r\n" + headers + "\r\n");
  }
  void write(const std::string& config) { tree_.write("web.yml", config); }
  std::string path() const { return tree_.path() + "/web.yml"; }
  AccessStats stats() {
    std::promise<AccessStats> told;
    server_->post([&] { told.set_value(access_->stats()); });
    return told.get_future().get();
  }
  void reload() {
    std::promise<void> done;
    server_->post([&] {
      access_->reload();
      done.set_value();
    });
    done.get_future().wait();
  }
  const std::string& address() { return server_.address(); }
  FakeClock clock_;

 private:
  TempTree tree_;
  std::unique_ptr<Access> access_;
  RunningServer server_;
};

TEST(Access, NothingIsReachableWithoutThePassword) {
  Guarded server(kUsers);
  for (const char* target : {"/-/healthy", "/nothing", "/post", "/"}) {
    EXPECT_THAT(server.get(target), StartsWith("HTTP/1.1 401 ")) << target;
    EXPECT_THAT(server.get(target), HasSubstr("WWW-Authenticate: Basic ")) << target;
    EXPECT_THAT(server.get(target, kGuess), StartsWith("HTTP/1.1 401 ")) << target;
  }
  EXPECT_THAT(server.get("/-/healthy", kAlice), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(server.get("/nothing", kAlice), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(server.get("/post", kAlice), StartsWith("HTTP/1.1 405 "));
  const AccessStats stats = server.stats();
  EXPECT_TRUE(stats.passwords);
  EXPECT_EQ(stats.refused.at("credentials"), 12U);
  EXPECT_EQ(stats.password_comparisons, 2U);
}

TEST(Access, TheBodySurvivesTheQuestion) {
  Guarded server(kUsers);
  const std::string answer =
      ask(server.address(), "POST /post HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" +
                                std::string(kAlice) + "Content-Length: 5\r\n\r\nhello");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answer, HasSubstr("got hello"));
}

TEST(Access, RequestsInOneConnectionAreEachAsked) {
  Guarded server(kUsers);
  testing::RawClient client(server.address());
  const std::string start = "GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n";
  client.send(start + kAlice + "\r\n" + start + kGuess + "\r\n" + start + "\r\n" + start + kAlice +
              "Connection: close\r\n\r\n");
  for (const char* status : {"200", "401", "401", "200"})
    EXPECT_THAT(client.read_answer(), StartsWith("HTTP/1.1 " + std::string(status)));
}

TEST(Access, AClientThatLeavesWhileItIsAskedForHarmsNobody) {
  Guarded server(kUsers);
  for (int i = 0; i < 20; ++i) {
    testing::RawClient client(server.address());
    client.send("GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic " +
                std::string(i % 2 == 0 ? "YTpi" : "YTpj") + "\r\n\r\n");
  }
  EXPECT_THAT(server.get("/-/healthy", kAlice), StartsWith("HTTP/1.1 200 "));
}

TEST(Access, StrangersNamesAreRefusedOnLoopback) {
  Guarded server("", {"metrics.example"});
  EXPECT_THAT(server.get("/-/healthy", "", "evil.example"), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(server.get("/-/healthy", "", "127.0.0.1:9"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(server.get("/-/healthy", "", "metrics.example"), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(server.stats().refused.at("host"), 1U);
}

TEST(Access, OtherAddressesTakeEveryName) {
  Guarded server("", {}, ":0");
  const std::string port = server.address().substr(server.address().rfind(':'));
  EXPECT_THAT(ask("127.0.0.1" + port,
                  "GET /-/healthy HTTP/1.1\r\nHost: host.example\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 200 "));
}

TEST(Access, TooManyRequestsAreTold) {
  Guarded server("rate_limit:\n  interval: 1s\n  burst: 2\n");
  EXPECT_THAT(server.get("/-/healthy"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(server.get("/-/healthy"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(server.get("/-/healthy"), StartsWith("HTTP/1.1 429 "));
  server.clock_.advance(std::chrono::seconds(1));
  EXPECT_THAT(server.get("/-/healthy"), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(server.stats().refused.at("rate_limit"), 1U);
}

TEST(Access, HeadersStandInEveryAnswerThatHasNoneOfItsOwn) {
  Guarded server("http_server_config:\n  headers:\n    X-Frame-Options: deny\n" +
                 std::string(kUsers));
  EXPECT_THAT(server.get("/-/healthy", kAlice), HasSubstr("X-Frame-Options: deny\r\n"));
  EXPECT_THAT(server.get("/-/healthy"), HasSubstr("X-Frame-Options: deny\r\n"));
  EXPECT_THAT(server.get("/nothing", kAlice), HasSubstr("X-Frame-Options: deny\r\n"));
  const std::string own =
      ask(server.address(), "POST /post HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" +
                                std::string(kAlice) + "Content-Length: 0\r\n\r\n");
  EXPECT_THAT(own, HasSubstr("X-Frame-Options: mine\r\n"));
  EXPECT_THAT(own, Not(HasSubstr("deny")));
}

TEST(Access, AChangedFileCountsFromTheNextRequest) {
  Guarded server("rate_limit:\n");
  EXPECT_THAT(server.get("/-/healthy"), StartsWith("HTTP/1.1 200 "));
  server.write(kUsers);
  EXPECT_THAT(server.get("/-/healthy"), StartsWith("HTTP/1.1 401 "));
  server.write(std::string(kUsers) +
               "http_server_config:\n  headers:\n    X-Frame-Options: deny\n");
  EXPECT_THAT(server.get("/-/healthy", kAlice), HasSubstr("deny"));
}

TEST(Access, ABrokenFileChangesNothingAndIsTold) {
  Guarded server(kUsers);
  server.write("basic_auth_users: [\n");
  EXPECT_THAT(server.get("/-/healthy"), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(server.get("/-/healthy", kAlice), StartsWith("HTTP/1.1 200 "));
  EXPECT_FALSE(server.stats().config_good);
  server.write(kUsers);
  EXPECT_THAT(server.get("/-/healthy"), StartsWith("HTTP/1.1 401 "));
  EXPECT_TRUE(server.stats().config_good);
}

// An editor that writes in place empties the file first.
TEST(Access, PasswordsGoOnlyWhenThatIsAskedFor) {
  Guarded server(kUsers);
  server.write("");
  EXPECT_THAT(server.get("/-/healthy"), StartsWith("HTTP/1.1 401 "));
  EXPECT_FALSE(server.stats().config_good);
  server.reload();
  EXPECT_THAT(server.get("/-/healthy"), StartsWith("HTTP/1.1 200 "));
  EXPECT_TRUE(server.stats().config_good);
}

TEST(Access, TheFirstReadingMustSucceed) {
  const FakeClock clock;
  const TempTree tree{{"web.yml", "tls_server_config:\n  cert_file: no.crt\n  key_file: no.key\n"}};
  const auto missing = Access::create({tree.path() + "/none.yml", {}}, clock);
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message(), HasSubstr("none.yml"));
  const auto no_cert = Access::create({tree.path() + "/web.yml", {}}, clock);
  ASSERT_FALSE(no_cert);
  EXPECT_THAT(no_cert.error().message(), HasSubstr(tree.path() + "/no.crt"));
}

}  // namespace
}  // namespace plimsoll::http
