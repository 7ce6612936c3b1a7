// A process that asks runtimes, against a runtime's socket that is root's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "agent/asker.h"
#include "base/temp_tree.h"
#include "http/server.h"

namespace plimsoll::agent {
namespace {

using inventory::InventoryOptions;
using inventory::Question;

TEST(AskerList, HasOneContainersDescriptionOnKnownSockets) {
  InventoryOptions options;
  options.host_root = "/host";
  const std::string docker = "/host/run/docker.sock";
  const auto may = [&](const std::string& socket, const std::string& target) {
    return may_be_asked(options, {0, socket, target});
  };
  EXPECT_TRUE(may(docker, "/containers/0123abcd/json"));
  EXPECT_TRUE(may("/host/run/podman/podman.sock", "/v4.0.0/libpod/containers/0123abcd/json"));
  EXPECT_TRUE(may("/host/run/user/1000/podman/podman.sock", "/containers/ab/json"));
  EXPECT_TRUE(may("/host/run/crio/crio.sock", "/containers/ab"));
  for (const char* socket :
       {"/run/docker.sock", "/host/run/other.sock", "", "/host", "/host/run/user/x/docker.sock",
        "/host/run/user/1/../2/docker.sock", "/host/run/user/1000/dbus"})
    EXPECT_FALSE(may(socket, "/containers/ab/json")) << socket;
  for (const char* target :
       {"", "/", "/containers/", "/containers/json", "/containers/../info/json", "/info",
        "/containers/a/b/json", "/containers/ab/archive", "/containers/a?x=1/json",
        "/containers/a b/json", "/images/json", "/containers/ab/json\r\nX: y"})
    EXPECT_EQ(may(docker, target), std::string(target) == "/containers/json") << target;
}

class AskerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto account = find_account("nobody");
    if (!account || ::geteuid() != 0 || !can_become(*account)) GTEST_SKIP() << "needs root";
    options_.docker_sockets = {tree_.path() + "/docker.sock"};
    asker_ = *Asker::start(options_, *account);  // Before the server's thread.
    server_ = http::Server::create();
    server_->route("/containers/*", {"GET"},
                   [](const http::Request& request, http::Responder responder) {
                     if (request.path == "/containers/gone/json")
                       return responder.send(http::Response::text(404, "no"));
                     responder.send(http::Response::json(200, std::string(300'000, 'x')));
                   });
    ASSERT_TRUE(server_->listen("unix:" + options_.docker_sockets[0]));
    thread_ = std::thread([this] { server_->run(); });
  }
  void TearDown() override {
    if (server_) server_->stop();
    if (thread_.joinable()) thread_.join();
  }
  Question about(const std::string& id) const {
    return {1, options_.docker_sockets[0], "/containers/" + id + "/json"};
  }
  TempTree tree_;  // 0700, root's: as hard to reach as can be.
  InventoryOptions options_;
  std::unique_ptr<Asker> asker_;
  std::unique_ptr<http::Server> server_;
  std::thread thread_;
};

TEST_F(AskerTest, AsksWhatOnlyRootMay) {
  for (int i = 0; i < 3; ++i) {
    const auto answer = asker_->ask(about("ab"));
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->size(), 300'000U);
  }
}

TEST_F(AskerTest, SaysWhatWentWrong) {
  EXPECT_EQ(asker_->ask(about("gone")).error().kind, ErrorKind::kGone);
  EXPECT_EQ(asker_->ask({1, tree_.path() + "/other.sock", "/containers/a/json"}).error().kind,
            ErrorKind::kDenied);
  ::unlink(options_.docker_sockets[0].c_str());
  EXPECT_EQ(asker_->ask(about("ab")).error().kind, ErrorKind::kNotOffered);
}

}  // namespace
}  // namespace plimsoll::agent
