// Pull and push against Debian's docker-registry, and against a server that answers as it is told.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/temp_tree.h"
#include "runtime/image/digest.h"
#include "runtime/image/documents.h"
#include "runtime/image/store.h"
#include "runtime/image/testing.h"

namespace plimsoll::image {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kProgram = "/usr/bin/docker-registry";

// A socket on loopback; its port is the kernel's choice.
Fd listening(std::uint16_t& port) {
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const plain = reinterpret_cast<sockaddr*>(&address);
  PLIMSOLL_CHECK(::bind(socket.get(), plain, size) == 0);
  PLIMSOLL_CHECK(::listen(socket.get(), 16) == 0);
  PLIMSOLL_CHECK(::getsockname(socket.get(), plain, &size) == 0);
  port = ntohs(address.sin_port);
  return socket;
}

bool answers(std::uint16_t port) {
  const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return ::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

class WithStore : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: unpacking happens in a root directory";
    Result<std::unique_ptr<Store>> store = Store::open(tree_.path() + "/store", "vfs");
    ASSERT_TRUE(store) << store.error().message();
    store_ = std::move(*store);
  }
  std::string import(const std::string& name) {
    const std::string tar = tar_of({{.name = "a", .data = std::string(3U << 20U, 'a')}});
    return store_
        ->import_tree(file_of(tree_, tar), name, "", {}, [](const Progress&) { return true; })
        .value_or("");
  }
  Report hear() {
    heard_.clear();
    return [this](const Progress& progress) {
      heard_.push_back(progress.status);
      return true;
    };
  }
  TempTree tree_;
  std::unique_ptr<Store> store_;
  std::vector<std::string> heard_;
};

class RealRegistry : public WithStore {
 protected:
  void start(const std::string& auth) {
    if (::access(kProgram, X_OK) != 0) GTEST_SKIP() << "there is no " << kProgram;
    std::uint16_t port = 0;
    listening(port).reset();
    host_ = "127.0.0.1:" + std::to_string(port);
    tree_.write("registry/", "");
    tree_.write("config.yml",
                "version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\n"
                "storage: {filesystem: {rootdirectory: " +
                    tree_.path() + "/registry}}\nhttp: {addr: " + host_ + "}\n" + auth);
    std::string program = kProgram;
    std::string config = tree_.path() + "/config.yml";
    std::string serve = "serve";
    char* words[] = {program.data(), serve.data(), config.data(), nullptr};
    posix_spawn_file_actions_t actions{};
    ::posix_spawn_file_actions_init(&actions);
    for (const int fd : {1, 2})
      ::posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_WRONLY, 0);
    ASSERT_EQ(::posix_spawn(&pid_, kProgram, &actions, nullptr, words, environ), 0);
    ::posix_spawn_file_actions_destroy(&actions);
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (!answers(port)) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "the registry does not answer";
      std::this_thread::sleep_for(20ms);
    }
  }
  void TearDown() override {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  pid_t pid_ = 0;
  std::string host_;
};

TEST_F(RealRegistry, TakesAndGives) {
  start("");
  if (IsSkipped() || HasFatalFailure()) return;
  const std::string name = host_ + "/team/app:1";
  const std::string id = import(name);
  ASSERT_FALSE(id.empty());
  const model::Answer<> pushed = store_->push(name, {}, hear());
  ASSERT_TRUE(pushed) << pushed.error().message;
  EXPECT_THAT(heard_, Contains("The push refers to repository [" + host_ + "/team/app]"));
  EXPECT_THAT(heard_, Contains("Pushed"));
  EXPECT_THAT(heard_, Contains(HasSubstr("1: digest: sha256:")));
  ASSERT_TRUE(store_->push(name, {}, hear()));
  EXPECT_THAT(heard_, Contains("Layer already exists"));

  ASSERT_TRUE(store_->tag(name, host_ + "/other/app", "2"));
  ASSERT_TRUE(store_->push(host_ + "/other/app:2", {}, hear()));
  EXPECT_THAT(heard_, Contains("Mounted from team/app"));

  ASSERT_TRUE(store_->remove(host_ + "/other/app:2", false, true, {}));
  ASSERT_TRUE(store_->remove(name, false, true, {}));
  ASSERT_FALSE(store_->find(id));
  const model::Answer<> pulled = store_->pull(name, {}, hear());
  ASSERT_TRUE(pulled) << pulled.error().message;
  EXPECT_THAT(heard_, Contains("Pulling from team/app"));
  EXPECT_THAT(heard_, Contains("Pull complete"));
  EXPECT_THAT(heard_, Contains("Status: Downloaded newer image for " + name));
  const model::Answer<Image> image = store_->find(name);
  ASSERT_TRUE(image);
  EXPECT_EQ(image->id, id);
  ASSERT_EQ(image->repo_digests.size(), 1U);
  ASSERT_TRUE(store_->pull(name, {}, hear()));
  EXPECT_THAT(heard_, Contains("Status: Image is up to date for " + name));
  ASSERT_TRUE(store_->pull(image->repo_digests.front(), {}, hear())) << "by its digest";

  const model::Answer<> missing = store_->pull(host_ + "/team/app:9", {}, hear());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, "manifest for " + host_ +
                                         "/team/app:9 not found: manifest unknown: manifest "
                                         "unknown");
  EXPECT_FALSE(store_->push(host_ + "/team/nothing:1", {}, hear()));
}

TEST_F(RealRegistry, AsksWhoItIs) {
  // "secret", as htpasswd(1) writes it.
  tree_.write("users", "user:$2b$04$ks7LMcaNmR5e0P0TH3i4RuBP0T2gHczLG8173H6gu1eskbraLGSWe\n");
  start("auth: {htpasswd: {realm: test, path: " + tree_.path() + "/users}}\n");
  if (IsSkipped() || HasFatalFailure()) return;
  const std::string name = host_ + "/app:1";
  ASSERT_FALSE(import(name).empty());
  const model::Answer<> stranger = store_->push(name, {}, hear());
  ASSERT_FALSE(stranger);
  EXPECT_EQ(stranger.error().message, "no basic auth credentials");
  const Credentials user{.username = "user", .password = "secret"};
  const model::Answer<> pushed = store_->push(name, user, hear());
  ASSERT_TRUE(pushed) << pushed.error().message;
  EXPECT_EQ(store_->login(host_, user).value_or(""), "Login Succeeded");
  const model::Answer<std::string> wrong =
      store_->login(host_, {.username = "user", .password = "wrong"});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().why, model::Refused::kUnauthorized);
}

// Answers each request with what the handler makes of its head, then closes the connection.
class ToldServer {
 public:
  using Handler = std::function<std::string(const std::string& head)>;
  explicit ToldServer(Handler handler)
      : handler_(std::move(handler)), socket_(listening(port_)), thread_([this] { serve(); }) {}
  ~ToldServer() {
    ::shutdown(socket_.get(), SHUT_RDWR);
    thread_.join();
  }
  ToldServer(const ToldServer&) = delete;
  ToldServer& operator=(const ToldServer&) = delete;
  [[nodiscard]] std::string host() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  void serve() {
    for (;;) {
      const Fd client(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!client) return;
      std::string head;
      char bytes[4096];
      while (head.find("\r\n\r\n") == std::string::npos) {
        const ssize_t n = ::read(client.get(), bytes, sizeof bytes);
        if (n <= 0) break;
        head.append(bytes, static_cast<std::size_t>(n));
        if (head[0] == 0x16) break;  // TLS, which is not spoken here.
      }
      if (!head.starts_with("GET ")) continue;
      const std::string answer = handler_(head);
      for (std::size_t at = 0; at < answer.size();) {
        const ssize_t n =
            ::send(client.get(), answer.data() + at, answer.size() - at, MSG_NOSIGNAL);
        if (n <= 0) break;
        at += static_cast<std::size_t>(n);
      }
    }
  }
  Handler handler_;
  std::uint16_t port_ = 0;
  Fd socket_;
  std::thread thread_;
};

std::string answer(const std::string& status, const std::string& headers, const std::string& body,
                   std::size_t sent = std::string::npos) {
  return "HTTP/1.1 " + status + "\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" +
         body.substr(0, sent);
}

// An image of one layer, in documents.
struct Offered {
  std::string layer = tar_of({{.name = "a", .data = std::string(1U << 20U, 'a')}});
  std::string config;
  std::string manifest;
  Offered() {
    Image image;
    image.architecture = host_architecture();
    image.os = "linux";
    image.created = "2026-01-02T03:04:05Z";
    image.layers = {digest_of(layer)};
    config = encode(image);
    manifest = encode(Manifest{
        media::kManifest,
        {.media_type = media::kConfig, .digest = digest_of(config), .size = config.size()},
        {{.media_type = media::kLayer, .digest = digest_of(layer), .size = layer.size()}}});
  }
  [[nodiscard]] std::string operator()(const std::string& head) const {
    if (head.find("/manifests/") != std::string::npos) return answer("200 OK", "", manifest);
    if (head.find("/blobs/" + digest_of(config)) != std::string::npos)
      return answer("200 OK", "", config);
    if (head.find("/blobs/" + digest_of(layer)) != std::string::npos)
      return answer("200 OK", "", layer);
    return answer("200 OK", "", "{}");
  }
};

class ToldRegistry : public WithStore {};

TEST_F(ToldRegistry, SendsForATokenAndTakesIt) {
  const Offered offered;
  std::string host;
  int tokens = 0;
  ToldServer server([&](const std::string& head) {
    if (head.starts_with("GET /token?")) {
      ++tokens;
      EXPECT_THAT(head, HasSubstr("scope=repository%3Aapp%3Apull"));
      EXPECT_THAT(head, HasSubstr("Authorization: Basic dTpw"));
      return answer("200 OK", "", R"({"token":"good"})");
    }
    if (head.find("Authorization: Bearer good") == std::string::npos)
      return answer("401 Unauthorized",
                    "WWW-Authenticate: Bearer realm=\"http://" + host +
                        "/token\",service=\"test\",scope=\"repository:app:pull\"\r\n",
                    "{}");
    return offered(head);
  });
  host = server.host();
  const model::Answer<> pulled =
      store_->pull(host + "/app:1", {.username = "u", .password = "p"}, hear());
  ASSERT_TRUE(pulled) << pulled.error().message;
  EXPECT_EQ(tokens, 1);
}

TEST_F(ToldRegistry, ABrokenDownloadGoesOnWhereItWas) {
  const Offered offered;
  std::vector<std::string> ranges;
  ToldServer server([&](const std::string& head) {
    if (head.find("/blobs/" + digest_of(offered.layer)) == std::string::npos) return offered(head);
    const std::size_t at = head.find("Range: bytes=");
    if (at == std::string::npos) return answer("200 OK", "", offered.layer, 300000);
    const std::size_t from = std::stoul(head.substr(at + 13));
    ranges.push_back(std::to_string(from));
    return answer("206 Partial Content", "", offered.layer.substr(from));
  });
  const model::Answer<> pulled = store_->pull(server.host() + "/app:1", {}, hear());
  ASSERT_TRUE(pulled) << pulled.error().message;
  EXPECT_THAT(ranges, ElementsAre("300000"));
}

TEST_F(ToldRegistry, ALayerThatIsAnotherIsRefusedAndLeavesNothing) {
  const Offered offered;
  ToldServer server([&](const std::string& head) {
    if (head.find("/blobs/" + digest_of(offered.layer)) == std::string::npos) return offered(head);
    std::string other = offered.layer;
    other[600] = 'b';
    return answer("200 OK", "", other);
  });
  const model::Answer<> pulled = store_->pull(server.host() + "/app:1", {}, hear());
  ASSERT_FALSE(pulled);
  EXPECT_THAT(pulled.error().message, HasSubstr("verification failed for digest"));
  EXPECT_TRUE(store_->list().empty());
}

TEST_F(ToldRegistry, OfManyPlatformsTakesThisOne) {
  const Offered offered;
  ToldServer server([&](const std::string& head) {
    if (head.find("/manifests/1") == std::string::npos) return offered(head);
    const Index index{{{.media_type = media::kManifest,
                        .digest = digest_of("other"),
                        .size = 5,
                        .os = "linux",
                        .architecture = "m68k"},
                       {.media_type = media::kManifest,
                        .digest = digest_of(offered.manifest),
                        .size = offered.manifest.size(),
                        .os = "linux",
                        .architecture = std::string(host_architecture())}}};
    return answer("200 OK", "", encode(index));
  });
  const model::Answer<> pulled = store_->pull(server.host() + "/app:1", {}, hear());
  ASSERT_TRUE(pulled) << pulled.error().message;
  EXPECT_EQ(store_->find(server.host() + "/app:1")->id, digest_of(offered.config));
}

TEST_F(ToldRegistry, WhoIsTurnedAwayReadsWhatDockerSays) {
  ToldServer server([&](const std::string& head) {
    if (head.find("/manifests/") == std::string::npos) return answer("200 OK", "", "{}");
    return answer("403 Forbidden", "",
                  R"({"errors":[{"code":"DENIED","message":"requested access is denied"}]})");
  });
  const model::Answer<> pulled = store_->pull(server.host() + "/app:1", {}, hear());
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().message,
            "pull access denied for " + server.host() +
                "/app, repository does not exist or may require 'docker login': denied: requested "
                "access is denied");
}

}  // namespace
}  // namespace plimsoll::image
