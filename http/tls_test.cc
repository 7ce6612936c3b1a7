// TLS before a server, asked by OpenSSL's own client.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <future>
#include <thread>

#include "base/fake_clock.h"
#include "base/temp_tree.h"
#include "http/access.h"
#include "http/gate.h"
#include "http/test_support.h"
#include "http/test_tls_client.h"

namespace plimsoll::http {
namespace {

using testing::ask_tls;
using testing::Authority;
using ::testing::HasSubstr;
using testing::PemPair;
using testing::RunningServer;
using ::testing::StartsWith;
using testing::TlsAsk;
using testing::TlsTold;

constexpr const char* kPair =
    "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n";

class TlsServer {
 public:
  explicit TlsServer(const std::string& config)
      : tree_{{"web.yml", config}, {"ca.crt", authority_.pem()}}, access_(prepared()) {
    server_ = std::make_unique<RunningServer>(ServerLimits{}, [this](Server& server) {
      server.guard(access_->gate());
      server.route("/", {"GET"}, [](const Request&, Responder responder) {
        responder.send(Response::text(200, "in the clear\n"));
      });
      server.route("/large", {"GET"}, [](const Request&, Responder responder) {
        Response response;
        response.body = testing::shared(std::string(std::size_t{3} << 20, 'x') + "end");
        responder.send(std::move(response));
      });
      server.route("/stream", {"GET"}, [](const Request&, Responder responder) {
        const auto stream = responder.stream(Response{});
        for (int i = 0; i < 100; ++i) stream->write(testing::shared(std::string(5000, 's')));
        stream->finish();
      });
    });
  }

  TlsAsk question(const std::string& target = "/") const {
    return {.address = server_->address(),
            .request = testing::get_text(target).replace(testing::get_text(target).find("Host: h"),
                                                         7, "Host: localhost"),
            .authority = authority_.pem(),
            .own = {},
            .version = 0,
            .ciphers = {},
            .protocols = {}};
  }
  void install(const PemPair& pair) const {
    tree_.write("server.key", pair.key);
    tree_.write("server.crt", pair.cert);
  }
  void write(const std::string& name, const std::string& text) const { tree_.write(name, text); }
  const Authority& authority() const { return authority_; }
  RunningServer& server() { return *server_; }
  AccessStats stats() {
    std::promise<AccessStats> told;
    server()->post([&] { told.set_value(access_->stats()); });
    return told.get_future().get();
  }

 private:
  std::unique_ptr<Access> prepared() {
    install(authority_.issue("first", {"DNS:localhost", "IP:127.0.0.1"}));
    auto access = Access::create({tree_.path() + "/web.yml", {}}, clock_);
    EXPECT_TRUE(access) << access.error().message();
    return *std::move(access);
  }

  FakeClock clock_;
  Authority authority_{"Plimsoll test authority"};
  TempTree tree_;
  std::unique_ptr<Access> access_;
  std::unique_ptr<RunningServer> server_;
};

TEST(Tls, ServesOver13And12) {
  const TlsServer server(kPair);
  for (const int version : {0, TLS1_3_VERSION, TLS1_2_VERSION}) {
    TlsAsk question = server.question();
    question.version = version;
    const TlsTold told = ask_tls(question);
    ASSERT_TRUE(told.connected) << told.error;
    EXPECT_THAT(told.answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(told.answer, HasSubstr("in the clear"));
    EXPECT_TRUE(told.ended_well) << told.error;
    EXPECT_EQ(told.version, version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3");
  }
}

TEST(Tls, RefusesOlderVersionsAndCountsThem) {
  TlsServer server(kPair);
  for (const int version : {TLS1_1_VERSION, TLS1_VERSION}) {
    TlsAsk question = server.question();
    question.version = version;
    const TlsTold told = ask_tls(question);
    EXPECT_FALSE(told.connected);
    EXPECT_THAT(told.error, HasSubstr("protocol version"));
  }
  EXPECT_TRUE(testing::eventually([&] { return server.server()->stats().failed_handshakes == 2; }));
}

TEST(Tls, VersionsCanBeNarrowed) {
  const TlsServer only_13(std::string(kPair) + "  min_version: TLS13\n");
  TlsAsk question = only_13.question();
  question.version = TLS1_2_VERSION;
  EXPECT_FALSE(ask_tls(question).connected);
  const TlsServer only_12(std::string(kPair) + "  max_version: TLS12\n");
  EXPECT_EQ(ask_tls(only_12.question()).version, "TLSv1.2");
}

TEST(Tls, LargeAnswersAndStreamsArriveWhole) {
  const TlsServer server(kPair);
  const TlsTold large = ask_tls(server.question("/large"));
  EXPECT_GT(large.answer.size(), std::size_t{3} << 20);
  EXPECT_TRUE(large.answer.ends_with("xend"));
  EXPECT_TRUE(large.ended_well);
  const TlsTold stream = ask_tls(server.question("/stream"));
  EXPECT_GT(stream.answer.size(), 500'000U);
  EXPECT_TRUE(stream.answer.ends_with("0\r\n\r\n"));
}

TEST(Tls, PlainClientsGetNothing) {
  TlsServer server(kPair);
  const std::string answer = testing::ask(server.server().address(), testing::get_text("/"));
  EXPECT_EQ(answer.find("HTTP/1.1 200"), std::string::npos);
  // A client that says nothing is no reason to serve others less.
  const testing::RawClient silent(server.server().address());
  EXPECT_TRUE(ask_tls(server.question()).connected);
}

TEST(Tls, CipherSuitesCanBeChosen) {
  const TlsServer server(std::string(kPair) +
                         "  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]\n"
                         "  curve_preferences: [CurveP384]\n");
  TlsAsk question = server.question();
  question.version = TLS1_2_VERSION;
  EXPECT_EQ(ask_tls(question).cipher, "ECDHE-ECDSA-AES256-GCM-SHA384");
  question.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256";
  EXPECT_FALSE(ask_tls(question).connected);
}

TEST(Tls, SpeaksHttp11ToThoseWhoOfferMore) {
  const TlsServer server(kPair);
  TlsAsk question = server.question();
  question.protocols = "\x02h2\x08http/1.1";
  EXPECT_EQ(ask_tls(question).protocol, "http/1.1");
  question.protocols = "\x02h2";
  const TlsTold told = ask_tls(question);
  EXPECT_TRUE(told.connected);
  EXPECT_EQ(told.protocol, "");
}

struct AuthCase {
  const char* type;
  bool none, stranger, known;  // Who gets in.
};
class ClientCertificate : public ::testing::TestWithParam<AuthCase> {};

TEST_P(ClientCertificate, GetsInByItsType) {
  const TlsServer server(std::string(kPair) +
                         "  client_ca_file: ca.crt\n  client_auth_type: " + GetParam().type + "\n");
  const auto gets_in = [&](const PemPair& own) {
    TlsAsk question = server.question();
    question.own = own;
    // With TLS 1.3 the client believes to be connected before the server has judged.
    return ask_tls(question).answer.starts_with("HTTP/1.1 200");
  };
  EXPECT_EQ(gets_in({}), GetParam().none);
  EXPECT_EQ(gets_in(Authority("stranger").issue("mallory", {})), GetParam().stranger);
  EXPECT_EQ(gets_in(server.authority().issue("alice", {})), GetParam().known);
}

INSTANTIATE_TEST_SUITE_P(, ClientCertificate,
                         ::testing::Values(AuthCase{"RequestClientCert", true, true, true},
                                           AuthCase{"RequireAnyClientCert", false, true, true},
                                           AuthCase{"VerifyClientCertIfGiven", true, false, true},
                                           AuthCase{"RequireAndVerifyClientCert", false, false,
                                                    true}),
                         [](const auto& p) { return std::string(p.param.type); });

TEST(Tls, OnlyNamedClientsGetIn) {
  const TlsServer server(std::string(kPair) +
                         "  client_ca_file: ca.crt\n"
                         "  client_auth_type: RequireAndVerifyClientCert\n"
                         "  client_allowed_sans: [prom.example, 10.1.2.3, 'fd00::7', "
                         "'mail@prom.example', 'spiffe://a/b']\n");
  const auto gets_in = [&](const std::vector<std::string>& names) {
    TlsAsk question = server.question();
    question.own = server.authority().issue("client", names);
    return ask_tls(question).answer.starts_with("HTTP/1.1 200");
  };
  for (const char* name : {"DNS:prom.example", "IP:10.1.2.3", "IP:fd00::7",
                           "email:mail@prom.example", "URI:spiffe://a/b"})
    EXPECT_TRUE(gets_in({"DNS:other.example", name})) << name;
  EXPECT_FALSE(gets_in({}));
  EXPECT_FALSE(gets_in({"DNS:prom.example.evil", "IP:10.1.2.4", "URI:spiffe://a/b/c"}));
}

TEST(Tls, ANewCertificateServesFromTheNextConnection) {
  const TlsServer server(kPair);
  EXPECT_EQ(ask_tls(server.question()).server_name, "first");
  server.install(server.authority().issue("second", {"DNS:localhost"}));
  EXPECT_EQ(ask_tls(server.question()).server_name, "second");
}

TEST(Tls, AConnectionOutlivesAReload) {
  TlsServer server(kPair);
  TlsAsk question = server.question("/large");
  const std::string answers = [&] {
    std::jthread changer([&](const std::stop_token& stop) {
      for (int i = 0; !stop.stop_requested() && i < 50; ++i) {
        server.install(server.authority().issue("next", {"DNS:localhost"}));
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
      }
    });
    std::string all;
    for (int i = 0; i < 5; ++i) all += ask_tls(question).answer.substr(0, 12);
    return all;
  }();
  EXPECT_EQ(answers, "HTTP/1.1 200HTTP/1.1 200HTTP/1.1 200HTTP/1.1 200HTTP/1.1 200");
}

TEST(Tls, AKeyThatDoesNotFitChangesNothing) {
  TlsServer server(kPair);
  server.write("server.key", server.authority().issue("other", {}).key);
  EXPECT_EQ(ask_tls(server.question()).server_name, "first");
  EXPECT_FALSE(server.stats().config_good);
  server.write("server.crt", "nonsense");
  EXPECT_EQ(ask_tls(server.question()).server_name, "first");
  server.install(server.authority().issue("third", {}));
  EXPECT_EQ(ask_tls(server.question()).server_name, "third");
  EXPECT_TRUE(server.stats().config_good);
}

TEST(Tls, IsNotGivenUpByAChangedFile) {
  TlsServer server(kPair);
  server.write("web.yml", "");
  EXPECT_TRUE(ask_tls(server.question()).connected);
  EXPECT_FALSE(server.stats().config_good);
}

TEST(Tls, StoppingEndsConnectionsInEveryState) {
  TlsServer server(kPair);
  const testing::RawClient silent(server.server().address());
  const testing::RawClient half(server.server().address());
  half.send("\x16\x03\x01");
  EXPECT_TRUE(testing::eventually([&] { return server.server()->stats().connections == 2; }));
  server.server().stop();
}

TEST(TlsFiles, SayWhatIsWrong) {
  const Authority authority("a");
  const PemPair one = authority.issue("one", {});
  const PemPair two = authority.issue("two", {});
  const FakeClock clock;
  const auto error_of = [&](const std::string& cert, const std::string& key,
                            const std::string& rest) {
    const TempTree tree{{"web.yml", kPair + rest},
                        {"server.crt", cert},
                        {"server.key", key},
                        {"empty.crt", "no certificate\n"}};
    const auto access = Access::create({tree.path() + "/web.yml", {}}, clock);
    return access ? "" : access.error().message();
  };
  EXPECT_EQ(error_of(one.cert, one.key, ""), "");
  EXPECT_THAT(error_of("", one.key, ""), HasSubstr("cert: no certificate"));
  EXPECT_THAT(error_of(one.cert, "", ""), HasSubstr("key: no private key"));
  EXPECT_THAT(error_of(one.cert, two.key, ""), HasSubstr("key"));
  EXPECT_THAT(error_of(one.cert, one.key,
                       "  client_ca_file: empty.crt\n  client_auth_type: RequireAnyClientCert\n"),
              HasSubstr("client_ca: no certificate"));
}

}  // namespace
}  // namespace plimsoll::http
