// Our client before our server, over TLS.
#include "http/tls_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fake_clock.h"
#include "base/temp_tree.h"
#include "http/access.h"
#include "http/gate.h"
#include "http/test_certificates.h"
#include "http/test_support.h"

namespace plimsoll::http {
namespace {

using testing::Authority;
using ::testing::HasSubstr;
using testing::PemPair;
using testing::RunningServer;

class Host {
 public:
  explicit Host(const std::vector<std::string>& names, const std::string& more = "")
      : tree_{{"web.yml",
               "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n" + more},
              {"ca.crt", authority_.pem()},
              {"other.crt", Authority("other").pem()}} {
    const PemPair pair = authority_.issue("server", names);
    tree_.write("server.crt", pair.cert);
    tree_.write("server.key", pair.key);
    const PemPair own = authority_.issue("alice", {});
    tree_.write("own.crt", own.cert);
    tree_.write("own.key", own.key);
    auto access = Access::create({path("web.yml"), {}}, clock_);
    PLIMSOLL_CHECK(access.has_value());
    access_ = *std::move(access);
    server_ = std::make_unique<RunningServer>(ServerLimits{}, [this](Server& server) {
      server.guard(access_->gate());
      server.route("/who", {"GET"}, [](const Request&, Responder responder) {
        responder.send(Response::text(200, "somebody\n"));
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

  [[nodiscard]] std::string path(const std::string& name) const {
    return tree_.path() + "/" + name;
  }
  [[nodiscard]] const std::string& address() const { return server_->address(); }
  [[nodiscard]] std::string by_name() const {
    return "localhost" + address().substr(address().rfind(':'));
  }
  [[nodiscard]] TlsClientOptions trusting(const std::string& authority) const {
    TlsClientOptions options;
    options.ca_file = path(authority);
    return options;
  }

 private:
  const FakeClock clock_;
  const Authority authority_{"authority"};
  TempTree tree_;
  std::unique_ptr<Access> access_;
  std::unique_ptr<RunningServer> server_;
};

ClientOptions over(const TlsClientOptions& tls) {
  ClientOptions options;
  auto channel = make_tls_channels(tls);
  EXPECT_TRUE(channel) << channel.error().message();
  if (channel) options.channel = *std::move(channel);
  return options;
}

TEST(TlsClient, AnswersLargeOnesAndStreamsArriveWhole) {
  const Host host({"IP:127.0.0.1"});
  const ClientOptions options = over(host.trusting("ca.crt"));
  const auto small = get(host.address(), "/who", options);
  ASSERT_TRUE(small) << small.error().message();
  EXPECT_EQ(small->status, 200);
  EXPECT_EQ(small->body, "somebody\n");
  const auto large = get(host.address(), "/large", options);
  ASSERT_TRUE(large) << large.error().message();
  EXPECT_EQ(large->body.size(), (std::size_t{3} << 20) + 3);
  EXPECT_TRUE(large->body.ends_with("xend"));
  std::size_t received = 0;
  const auto streamed = stream(
      host.address(), "/stream",
      [&](std::string_view bytes) {
        received += bytes.size();
        return true;
      },
      options);
  EXPECT_TRUE(streamed) << streamed.error().message();
  EXPECT_EQ(received, 500'000U);
}

struct NameCase {
  const char* what;
  const char* name;  // In the server's certificate.
  bool by_name;      // How it is asked.
  bool accepted;
};
class ServerName : public ::testing::TestWithParam<NameCase> {};

TEST_P(ServerName, MustBeTheCertificates) {
  const Host host({GetParam().name});
  const auto answer = get(GetParam().by_name ? host.by_name() : host.address(), "/who",
                          over(host.trusting("ca.crt")));
  EXPECT_EQ(answer.has_value(), GetParam().accepted);
  if (answer || GetParam().accepted) return;
  EXPECT_EQ(answer.error().kind, ErrorKind::kRejected);
  EXPECT_THAT(answer.error().message(), HasSubstr("mismatch"));
}

INSTANTIATE_TEST_SUITE_P(, ServerName,
                         ::testing::Values(NameCase{"Address", "IP:127.0.0.1", false, true},
                                           NameCase{"Name", "DNS:localhost", true, true},
                                           NameCase{"OtherAddress", "IP:127.0.0.2", false, false},
                                           NameCase{"OtherName", "DNS:elsewhere", true, false},
                                           NameCase{"AddressIsNoName", "DNS:localhost", false,
                                                    false}),
                         [](const auto& p) { return std::string(p.param.what); });

TEST(TlsClient, AStrangersCertificateIsRefusedUnlessAnyWillDo) {
  const Host host({"IP:127.0.0.1"});
  const auto refused = get(host.address(), "/who", over(host.trusting("other.crt")));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kRejected);
  EXPECT_THAT(refused.error().message(), HasSubstr("the server's certificate is not accepted"));
  TlsClientOptions any;
  any.check = ServerCheck::kNone;
  EXPECT_TRUE(get(host.address(), "/who", over(any)));
}

TEST(TlsClient, ShowsItsOwnCertificateWhereOneIsWanted) {
  const Host host({"IP:127.0.0.1"},
                  "  client_ca_file: ca.crt\n  client_auth_type: RequireAndVerifyClientCert\n");
  TlsClientOptions options = host.trusting("ca.crt");
  EXPECT_FALSE(get(host.address(), "/who", over(options)));
  options.cert_file = host.path("own.crt");
  options.key_file = host.path("own.key");
  const auto answer = get(host.address(), "/who", over(options));
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->status, 200);
}

TEST(TlsClient, AServerThatDoesNotSpeakItEndsAtOnceOrAtTheDeadline) {
  const RunningServer plain(ServerLimits{}, [](Server&) {});
  TlsClientOptions any;
  any.check = ServerCheck::kNone;
  const auto answer = get(plain.address(), "/who", over(any));
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message(), HasSubstr(plain.address()));
}

TEST(TlsClient, FilesThatAreNoGoodAreNamed) {
  const Host host({"IP:127.0.0.1"});
  const auto error_of = [&](const char* ca, const char* cert, const char* key) {
    TlsClientOptions options;
    if (*ca != '\0') options.ca_file = host.path(ca);
    if (*cert != '\0') options.cert_file = host.path(cert);
    if (*key != '\0') options.key_file = host.path(key);
    const auto made = make_tls_channels(options);
    EXPECT_FALSE(made);
    return made ? std::string() : made.error().message();
  };
  EXPECT_THAT(error_of("missing.crt", "", ""), HasSubstr("missing.crt"));
  EXPECT_THAT(error_of("web.yml", "", ""), HasSubstr("web.yml"));
  EXPECT_THAT(error_of("ca.crt", "own.crt", ""), HasSubstr("needs its key"));
  EXPECT_THAT(error_of("ca.crt", "own.crt", "server.key"), HasSubstr("server.key"));
}

TEST(BasicAuthorization, IsNameAndPasswordInBase64) {
  EXPECT_EQ(basic_authorization("Aladdin", "open sesame").value(),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");  // RFC 7617, section 2.
  EXPECT_EQ(basic_authorization("a", "").value(), "Basic YTo=");
  EXPECT_FALSE(basic_authorization("a:b", "c"));
}

}  // namespace
}  // namespace plimsoll::http
