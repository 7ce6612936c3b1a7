#include <gmock/gmock.h>

#include <future>
#include <utility>

#include "base/fake_clock.h"
#include "base/temp_tree.h"
#include "http/test_support.h"
#include "runtime/docker/containers.h"
#include "runtime/docker/fake_engine.h"

namespace plimsoll::docker {
namespace {

using ::testing::AllOf;

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Stream = engine::Output::Stream;

constexpr const char* kUpgrade = "Connection: Upgrade\r\nUpgrade: tcp\r\n";

// Containers' endpoints over an engine that is only told.
class ContainerServer {
 public:
  ContainerServer()
      : server_({}, [&](http::Server& server) {
          api_ = std::make_unique<Api>(server, ApiOptions{.spool_dir = tree_.path()});
          add_container_views(*api_, engine, clock_);
          add_container_life(*api_, engine);
          add_container_talk(*api_, engine, clock_);
        }) {
    auto box = std::make_shared<engine::Container>();
    box->id = std::string(64, 'a');
    box->name = "box";
    box->definition.config.open_stdin = true;
    engine.all = {box};
  }
  ~ContainerServer() {
    server_.stop();
    api_->stop();
  }
  ContainerServer(const ContainerServer&) = delete;
  ContainerServer& operator=(const ContainerServer&) = delete;

  [[nodiscard]] static std::string request(const std::string& method, const std::string& target,
                                           const std::string& body = {},
                                           const std::string& headers = "Connection: close\r\n") {
    return method + " " + target + " HTTP/1.1\r\nHost: h\r\n" + headers +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  std::string ask(const std::string& method, const std::string& target,
                  const std::string& body = {}) {
    return http::testing::ask(server_.address(), request(method, target, body));
  }
  [[nodiscard]] const std::string& address() const { return server_.address(); }

  testing::FakeEngine engine;

 private:
  TempTree tree_;
  FakeClock clock_;
  std::unique_ptr<Api> api_;
  http::testing::RunningServer server_;
};

TEST(ContainerEndpoints, CreateHandsOverWhatWasAsked) {
  ContainerServer server;
  model::Definition asked;
  server.engine.on_create = [&](const std::string& name, model::Definition definition) {
    asked = std::move(definition);
    return engine::Created{.id = name + "-id", .warnings = {"careful"}};
  };
  EXPECT_THAT(
      server.ask("POST", "/v1.41/containers/create?name=web", R"({"Image":"a"})"),
      AllOf(StartsWith("HTTP/1.1 201 "), HasSubstr(R"({"Id":"web-id","Warnings":["careful"]})")));
  EXPECT_EQ(asked.config.image, "a");
  EXPECT_THAT(server.ask("POST", "/containers/create", R"({"HostConfig":{"Memory":1}})"),
              AllOf(StartsWith("HTTP/1.1 400 "),
                    HasSubstr(R"({"message":"Minimum memory limit allowed is 6MB"})")));
  const std::string two = R"({"NetworkingConfig":{"EndpointsConfig":{"a":{},"b":{}}}})";
  EXPECT_THAT(server.ask("POST", "/v1.43/containers/create", two),
              HasSubstr("Container cannot be connected to network endpoints: a, b"));
  EXPECT_THAT(server.ask("POST", "/v1.44/containers/create", two), StartsWith("HTTP/1.1 201 "));
}

TEST(ContainerEndpoints, ListsAndInspects) {
  ContainerServer server;
  EXPECT_THAT(server.ask("GET", "/containers/json"), HasSubstr("\r\n\r\n[]"));
  EXPECT_THAT(server.ask("GET", "/containers/json?all=1"), HasSubstr(R"("Names":["/box"])"));
  EXPECT_THAT(server.ask("GET", "/containers/box/json"), HasSubstr(R"("Name":"/box")"));
  EXPECT_THAT(server.ask("GET", "/containers/none/json"),
              AllOf(StartsWith("HTTP/1.1 404 "), HasSubstr("No such container: none")));
  EXPECT_THAT(server.ask("GET", "/containers/json?filters=%7B%22x%22%3A%5B%5D%7D"),
              AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr("invalid filter 'x'")));
}

TEST(ContainerEndpoints, WaitAnswersItsHeadBeforeTheContainerEnds) {
  ContainerServer server;
  std::function<void(engine::WaitResult)> done;
  engine::WaitFor what{};
  server.engine.on_wait = [&](engine::WaitFor condition, auto then) {
    what = condition;
    done = std::move(then);
    return std::shared_ptr<void>(std::make_shared<int>(0));
  };
  http::testing::RawClient client(server.address());
  client.send(ContainerServer::request("POST", "/containers/box/wait?condition=next-exit"));
  EXPECT_THAT(client.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(what, engine::WaitFor::kNextExit);
  done({.status_code = 3});
  EXPECT_THAT(client.read_to_end(), HasSubstr(R"({"StatusCode":3,"Error":null})"));
  EXPECT_THAT(server.ask("POST", "/containers/box/wait?condition=x"), StartsWith("HTTP/1.1 400 "));
}

TEST(ContainerEndpoints, AWaitThatIsOverAtOnceIsAnswered) {
  ContainerServer server;
  server.engine.on_wait = [](engine::WaitFor, const auto& done) {
    done({.status_code = 125, .error = "why"});
    return std::shared_ptr<void>();
  };
  EXPECT_THAT(server.ask("POST", "/containers/box/wait"),
              HasSubstr(R"({"StatusCode":125,"Error":{"Message":"why"}})"));
}

// Writes down what it is told.
class RecordingInput final : public engine::Input {
 public:
  struct Said {
    std::mutex mutex;
    std::string bytes;
    bool ended = false;
    bool dropped = false;
  };
  explicit RecordingInput(std::shared_ptr<Said> said) : said_(std::move(said)) {}
  ~RecordingInput() override {
    const std::lock_guard lock(said_->mutex);
    said_->dropped = true;
  }
  void write(std::string_view bytes) override {
    const std::lock_guard lock(said_->mutex);
    said_->bytes += bytes;
  }
  void end() override {
    const std::lock_guard lock(said_->mutex);
    said_->ended = true;
  }

 private:
  const std::shared_ptr<Said> said_;
};

TEST(ContainerEndpoints, AttachIsBothWaysAndHalfCloses) {
  ContainerServer server;
  const auto said = std::make_shared<RecordingInput::Said>();
  engine::Output output;
  server.engine.on_attach = [&](engine::AttachOptions options, engine::Output out) {
    EXPECT_TRUE(options.stdin_too && options.stdout_too && options.stream);
    EXPECT_FALSE(options.stderr_too || options.logs);
    output = std::move(out);
    output.write(Stream::kStdout, "early");
    return std::shared_ptr<engine::Input>(std::make_shared<RecordingInput>(said));
  };
  http::testing::RawClient client(server.address());
  client.send(ContainerServer::request(
      "POST", "/v1.41/containers/box/attach?stream=1&stdin=1&stdout=1", "", kUpgrade));
  EXPECT_THAT(client.read_until("\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 101 "),
                    HasSubstr("Content-Type: application/vnd.docker.raw-stream\r\n")));
  client.read_until("early");
  client.send("typed");
  client.shutdown_send();
  EXPECT_TRUE(http::testing::eventually([&] {
    const std::lock_guard lock(said->mutex);
    return said->bytes == "typed" && said->ended;
  }));
  EXPECT_TRUE(output.write(Stream::kStderr, "late"));
  output.end();
  EXPECT_EQ(client.read_to_end(), std::string("\2\0\0\0\0\0\0\4late", 12));
  EXPECT_TRUE(http::testing::eventually([&] {
    const std::lock_guard lock(said->mutex);
    return said->dropped;
  }));
  EXPECT_FALSE(output.write(Stream::kStdout, "nobody"));
}

TEST(ContainerEndpoints, TheHeadMayComeBeforeTheProcess) {
  ContainerServer server;
  const auto said = std::make_shared<RecordingInput::Said>();
  engine::Output output;
  std::promise<void> typed;
  server.engine.on_attach = [&](const engine::AttachOptions&, engine::Output out) {
    EXPECT_TRUE(out.begins);
    std::exchange(out.begins, {})();
    typed.get_future().wait();  // That is after the client has read the head.
    output = std::move(out);
    return std::shared_ptr<engine::Input>(std::make_shared<RecordingInput>(said));
  };
  http::testing::RawClient client(server.address());
  client.send(ContainerServer::request(
      "POST", "/v1.41/containers/box/attach?stream=1&stdin=1&stdout=1", "", kUpgrade));
  EXPECT_THAT(client.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 101 "));
  client.send("typed");
  client.shutdown_send();
  typed.set_value();
  EXPECT_TRUE(http::testing::eventually([&] {
    const std::lock_guard lock(said->mutex);
    return said->bytes == "typed" && said->ended;
  }));
  EXPECT_TRUE(output.write(Stream::kStdout, "late"));
  output.end();
  EXPECT_EQ(client.read_to_end(), std::string("\1\0\0\0\0\0\0\4late", 12));
}

TEST(ContainerEndpoints, WhatCannotBeAttachedToIsRefused) {
  ContainerServer server;
  server.engine.on_attach = [](const auto&,
                               const auto&) -> model::Answer<std::shared_ptr<engine::Input>> {
    return model::refuse(model::Refused::kConflict, "cannot attach to a paused container");
  };
  EXPECT_THAT(server.ask("POST", "/containers/box/attach?stream=1&stdout=1"),
              AllOf(StartsWith("HTTP/1.1 409 "), HasSubstr("paused container")));
  EXPECT_THAT(server.ask("POST", "/containers/box/attach?detachKeys=ctrl-1"),
              StartsWith("HTTP/1.1 400 "));
}

TEST(ContainerEndpoints, LogsAreAStreamThatEnds) {
  ContainerServer server;
  engine::LogOptions asked;
  server.engine.on_logs = [&](const engine::LogOptions& options, const engine::Output& output) {
    asked = options;
    output.write(Stream::kStdout, "a\n");
    output.end();
    return std::shared_ptr<void>();
  };
  EXPECT_THAT(
      server.ask("GET", "/containers/box/logs?stdout=1&tail=5&timestamps=1&since=1700000000.5"),
      AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr(std::string("\1\0\0\0\0\0\0\2a\n", 10))));
  EXPECT_EQ(asked.tail, 5U);
  EXPECT_TRUE(asked.timestamps && asked.stdout_too);
  EXPECT_FALSE(asked.stderr_too || asked.follow);
  EXPECT_EQ(asked.since, WallTime(std::chrono::milliseconds(1700000000500)));
  EXPECT_THAT(server.ask("GET", "/containers/box/logs?follow=1"),
              HasSubstr("Bad parameters: you must choose at least one stream"));
}

}  // namespace
}  // namespace plimsoll::docker
