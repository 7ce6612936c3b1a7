#include "http/web_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plimsoll::http {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr const char* kHash = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi";

WebConfig parsed(const std::string& text) {
  const auto config = parse_web_config(text, "/etc/plimsoll/web.yml");
  EXPECT_TRUE(config) << config.error().message();
  return config.value_or(WebConfig{});
}

TEST(WebConfig, EmptyFilesAskForNothing) {
  for (const char* text : {"", "---\n", "# nothing\n", "tls_server_config:\nbasic_auth_users:\n"}) {
    const WebConfig config = parsed(text);
    EXPECT_FALSE(config.tls) << text;
    EXPECT_TRUE(config.users.empty()) << text;
    EXPECT_FALSE(config.rate_limit) << text;
    EXPECT_TRUE(config.warnings.empty()) << text;
  }
}

TEST(WebConfig, ReadsEverySection) {
  const WebConfig config = parsed(R"(
tls_server_config:
  cert_file: server.crt
  key_file: /keys/server.key
  client_ca_file: ca/clients.pem
  client_auth_type: RequireAndVerifyClientCert
  client_allowed_sans: [ "prometheus.example", "10.0.0.7" ]
  min_version: TLS13
  max_version: TLS13
  cipher_suites:
    - TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
  curve_preferences: [ X25519, CurveP256 ]
  prefer_server_cipher_suites: false
http_server_config:
  http2: false
  headers:
    X-Frame-Options: deny
    Strict-Transport-Security: max-age=31536000
    X-XSS-Protection: ""
basic_auth_users:
  alice: )" + std::string(kHash) + R"(
rate_limit:
  interval: 250ms
  burst: 20
)");
  ASSERT_TRUE(config.tls);
  EXPECT_EQ(config.tls->cert_file, "/etc/plimsoll/server.crt");
  EXPECT_EQ(config.tls->key_file, "/keys/server.key");
  EXPECT_EQ(config.tls->client_ca_file, "/etc/plimsoll/ca/clients.pem");
  EXPECT_EQ(config.tls->client_auth, ClientAuth::kRequireAndVerify);
  EXPECT_THAT(config.tls->client_allowed_sans.value(),
              ElementsAre("prometheus.example", "10.0.0.7"));
  EXPECT_EQ(config.tls->min_version, TlsVersion::k13);
  EXPECT_THAT(config.tls->cipher_suites, ElementsAre("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"));
  EXPECT_THAT(config.tls->curve_preferences, ElementsAre("X25519", "CurveP256"));
  EXPECT_FALSE(config.tls->prefer_server_cipher_suites);
  EXPECT_THAT(config.headers, ElementsAre(Pair("X-Frame-Options", "deny"),
                                          Pair("Strict-Transport-Security", "max-age=31536000")));
  EXPECT_THAT(config.users, ElementsAre(Pair("alice", kHash)));
  EXPECT_EQ(config.rate_limit, (RateLimit{std::chrono::milliseconds(250), 20}));
  EXPECT_TRUE(config.warnings.empty());
}

TEST(WebConfig, InlineTextsAreKept) {
  const WebConfig config = parsed("tls_server_config:\n  cert: |\n    AB\n    CD\n  key: secret\n");
  ASSERT_TRUE(config.tls);
  EXPECT_EQ(config.tls->cert, "AB\nCD\n");
  EXPECT_EQ(config.tls->key, "secret");
  EXPECT_EQ(config.tls->cert_file, "");
}

struct AuthWord {
  const char* word;
  ClientAuth auth;
};
class ClientAuthWord : public ::testing::TestWithParam<AuthWord> {};

TEST_P(ClientAuthWord, IsKnown) {
  const WebConfig config = parsed("tls_server_config:\n  cert_file: c\n  key_file: k\n" +
                                  std::string("  client_auth_type: ") + GetParam().word + "\n");
  ASSERT_TRUE(config.tls);
  EXPECT_EQ(config.tls->client_auth, GetParam().auth);
}

INSTANTIATE_TEST_SUITE_P(
    , ClientAuthWord,
    ::testing::Values(AuthWord{"NoClientCert", ClientAuth::kNone},
                      AuthWord{"RequestClientCert", ClientAuth::kRequest},
                      AuthWord{"RequireAnyClientCert", ClientAuth::kRequireAny},
                      AuthWord{"RequireClientCert", ClientAuth::kRequireAny},
                      AuthWord{"VerifyClientCertIfGiven", ClientAuth::kVerifyIfGiven},
                      AuthWord{"RequireAndVerifyClientCert", ClientAuth::kRequireAndVerify}),
    [](const auto& p) { return std::string(p.param.word); });

struct Bad {
  const char* name;
  const char* text;
  const char* error;
};
class BadWebConfig : public ::testing::TestWithParam<Bad> {};

TEST_P(BadWebConfig, NamesFileLineAndKey) {
  const auto config = parse_web_config(GetParam().text, "web.yml");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().kind, ErrorKind::kInvalidInput);
  EXPECT_THAT(config.error().subject, HasSubstr(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    , BadWebConfig,
    ::testing::Values(
        Bad{"NotYaml", "a: [1\n", "web.yml:2: "},
        Bad{"TopIsAList", "- a\n", "web.yml:1: expected keys"},
        Bad{"TopIsAWord", "hello\n", "web.yml:1: expected keys"},
        Bad{"UnknownSection", "\ntls_config:\n  a: b\n", "web.yml:3: tls_config: unknown key"},
        Bad{"UnknownKey", "tls_server_config:\n  cert_fil: x\n",
            "web.yml:2: tls_server_config.cert_fil: unknown key; known here: cert, key"},
        Bad{"TwiceTheSameSection", "rate_limit:\n  burst: 1\nrate_limit:\n  burst: 2\n",
            "web.yml:3: 'rate_limit' is given twice"},
        Bad{"TwiceTheSameUser",
            "basic_auth_users:\n"
            "  a: $2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi\n"
            "  a: $2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi\n",
            "web.yml:3: basic_auth_users: 'a' is given twice"},
        Bad{"PasswordInPlain", "basic_auth_users:\n  alice: secret\n",
            "web.yml:2: basic_auth_users.alice: not a bcrypt hash"},
        Bad{"CertificateOnly", "tls_server_config:\n  cert_file: a\n", "give a key"},
        Bad{"KeyOnly", "tls_server_config:\n  key_file: a\n", "give a certificate"},
        Bad{"AuthTypeOnly", "tls_server_config:\n  client_auth_type: NoClientCert\n",
            "give a certificate"},
        Bad{"UnknownAuthType",
            "tls_server_config:\n  cert_file: a\n  key_file: b\n  client_auth_type: Maybe\n",
            "web.yml:4: tls_server_config.client_auth_type: 'Maybe'"},
        Bad{"AuthorityWithoutPolicy",
            "tls_server_config:\n  cert_file: a\n  key_file: b\n  client_ca_file: c\n",
            "client_ca_file without client_auth_type"},
        Bad{"NamesWithoutCertainCertificate",
            "tls_server_config:\n  cert_file: a\n  key_file: b\n"
            "  client_auth_type: VerifyClientCertIfGiven\n  client_allowed_sans: [a]\n",
            "client_allowed_sans needs"},
        Bad{"UnknownVersion",
            "tls_server_config:\n  cert_file: a\n  key_file: b\n  min_version: TLS111\n",
            "web.yml:4: tls_server_config.min_version: 'TLS111'"},
        Bad{"OldMaximum",
            "tls_server_config:\n  cert_file: a\n  key_file: b\n  max_version: TLS11\n",
            "max_version TLS11"},
        Bad{"VersionsTheWrongWayRound",
            "tls_server_config:\n  cert_file: a\n  key_file: b\n  min_version: TLS13\n"
            "  max_version: TLS12\n",
            "min_version is above max_version"},
        Bad{"UnknownCipher",
            "tls_server_config:\n  cert_file: a\n  key_file: b\n  cipher_suites:\n"
            "  - TLS_RSA_WITH_AES_128_CBC_SHA\n  - TLS_MADE_UP\n",
            "web.yml:6: tls_server_config.cipher_suites[1]: 'TLS_MADE_UP' is no known cipher"},
        Bad{"CipherIsNoList",
            "tls_server_config:\n  cert_file: a\n  key_file: b\n  cipher_suites: A\n",
            "web.yml:4: tls_server_config.cipher_suites: expected a list"},
        Bad{"UnknownCurve",
            "tls_server_config:\n  cert_file: a\n  key_file: b\n  curve_preferences: [P1]\n",
            "'P1' is no known curve"},
        Bad{"ForeignHeader", "http_server_config:\n  headers:\n    Server: x\n",
            "web.yml:3: http_server_config.headers.Server: this header cannot"},
        Bad{"HeaderValue", "http_server_config:\n  headers:\n    X-Frame-Options: allow\n",
            "accepted are 'deny' and 'sameorigin'"},
        Bad{"HeaderWithLineEnd",
            "http_server_config:\n  headers:\n    Content-Security-Policy: \"a\\r\\nB: c\"\n",
            "a header has one line"},
        Bad{"Http2IsNoWord", "http_server_config:\n  http2: maybe\n", "expected true or false"},
        Bad{"Interval", "rate_limit:\n  interval: 1 second\n  burst: 1\n",
            "web.yml:2: rate_limit.interval: '1 second'"},
        Bad{"Burst", "rate_limit:\n  interval: 1s\n  burst: -1\n", "web.yml:3: rate_limit.burst"},
        Bad{"UsersAreAList", "basic_auth_users: [a]\n", "expected keys and values"},
        Bad{"NulInAPath", "tls_server_config:\n  cert_file: \"a\\0b\"\n  key_file: b\n",
            "contains a NUL"}),
    [](const auto& p) { return std::string(p.param.name); });

TEST(WebConfig, SaysWhatItDoesNotDo) {
  const std::string pair = "tls_server_config:\n  cert_file: a\n  key_file: b\n";
  EXPECT_THAT(parsed(pair + "  min_version: TLS10\n").warnings, ElementsAre(HasSubstr("TLS12")));
  EXPECT_THAT(parsed(pair + "  client_auth_type: RequireAndVerifyClientCert\n").warnings,
              ElementsAre(HasSubstr("without client_ca_file")));
  EXPECT_THAT(parsed("tls_server_config:\n  min_version: TLS13\n").warnings,
              ElementsAre(HasSubstr("TLS is off")));
  EXPECT_THAT(parsed("rate_limit:\n  interval: 1s\n").warnings, ElementsAre(HasSubstr("429")));
}

TEST(WebConfig, IntervalsAreGosDurations) {
  const auto interval = [](const std::string& text) {
    return parsed("rate_limit:\n  burst: 1\n  interval: " + text + "\n").rate_limit;
  };
  EXPECT_EQ(interval("1m0.5s")->interval, std::chrono::milliseconds(60'500));
  EXPECT_EQ(interval("1000000000")->interval, std::chrono::seconds(1));
  EXPECT_FALSE(interval("0"));
  EXPECT_FALSE(interval("0s"));
  EXPECT_FALSE(interval("-1s"));
}

TEST(WebConfig, DoesNotShowPasswords) {
  const auto config = parse_web_config("basic_auth_users:\n  alice: hunter2\n", "web.yml");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().message().find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace plimsoll::http
