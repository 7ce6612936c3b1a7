#include "control/breach/sink.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <sstream>

#include "base/temp_tree.h"
#include "http/server.h"

namespace plimsoll::control {
namespace {

using std::chrono::milliseconds;

BreachPtr an_event(std::uint64_t id = 1) {
  BreachEvent event;
  event.id = id;
  event.kind = BreachKind::kOomKill;
  event.cgroup = "/a";
  event.pid = 12;
  event.process = "ho\ng";
  return std::make_shared<const BreachEvent>(std::move(event));
}

template <class Condition>
bool soon(Condition condition) {
  for (int i = 0; i < 1000 && !condition(); ++i) std::this_thread::sleep_for(milliseconds(5));
  return condition();
}

TEST(Sink, DeliversInOrder) {
  std::vector<std::uint64_t> ids;
  std::atomic<int> count = 0;
  Sink sink("test",
            [&](const BreachEvent& event) -> Result<> {
              ids.push_back(event.id);
              ++count;
              return {};
            },
            {});
  for (std::uint64_t id = 1; id <= 20; ++id) sink.offer(an_event(id));
  ASSERT_TRUE(soon([&] { return count == 20; }));
  sink.stop();
  for (std::uint64_t id = 1; id <= 20; ++id) EXPECT_EQ(ids[id - 1], id);
}

TEST(Sink, TriesAgainAndThenGivesUp) {
  std::atomic<int> attempts = 0;
  Sink sink("test",
            [&](const BreachEvent&) -> Result<> {
              ++attempts;
              return failure(ErrorKind::kBusy, "test", "not now");
            },
            {.attempts = 3, .first_retry = milliseconds(1)});
  sink.offer(an_event());
  ASSERT_TRUE(soon([&] { return sink.stats().failed == 1; }));
  EXPECT_EQ(attempts, 3);
  EXPECT_NE(sink.stats().last_error.find("not now"), std::string::npos);
}

TEST(Sink, WhatIsRefusedIsNotTriedAgain) {
  std::atomic<int> attempts = 0;
  Sink sink("test",
            [&](const BreachEvent&) -> Result<> {
              ++attempts;
              return failure(ErrorKind::kRejected, "test", "never");
            },
            {.first_retry = milliseconds(1)});
  sink.offer(an_event());
  ASSERT_TRUE(soon([&] { return sink.stats().failed == 1; }));
  EXPECT_EQ(attempts, 1);
}

TEST(Sink, WhatDoesNotFitIsCounted) {
  std::atomic<bool> go = false;
  std::atomic<int> delivered = 0;
  Sink sink("test",
            [&](const BreachEvent&) -> Result<> {
              while (!go) std::this_thread::sleep_for(milliseconds(1));
              ++delivered;
              return {};
            },
            {.most_waiting = 4});
  for (std::uint64_t id = 1; id <= 50; ++id) sink.offer(an_event(id));
  EXPECT_GE(sink.stats().dropped, 45U);
  go = true;
  ASSERT_TRUE(soon([&] { return sink.stats().waiting == 0; }));
  sink.stop();
  EXPECT_EQ(static_cast<std::uint64_t>(delivered) + sink.stats().dropped, 50U);
}

TEST(WebhookUrl, HasAPlaceAndAPath) {
  EXPECT_EQ(*parse_webhook_url("http://127.0.0.1:9/x?y=1"),
            (WebhookTarget{"127.0.0.1:9", "/x?y=1", false}));
  EXPECT_EQ(*parse_webhook_url("http://127.0.0.1"), (WebhookTarget{"127.0.0.1:80", "/", false}));
  EXPECT_EQ(*parse_webhook_url("https://[::1]/x"), (WebhookTarget{"[::1]:443", "/x", true}));
  EXPECT_EQ(*parse_webhook_url("unix:/run/x.sock:/y"),
            (WebhookTarget{"unix:/run/x.sock", "/y", false}));
  EXPECT_EQ(*parse_webhook_url("unix:/run/x.sock"),
            (WebhookTarget{"unix:/run/x.sock", "/", false}));
  const std::string plain = "http://";
  for (const std::string& url : std::vector<std::string>{"", "h:9", "ftp:", plain, plain + "u:p@h/",
                                                         plain + "h /x", "unix:", "unix:/a:b"})
    EXPECT_FALSE(parse_webhook_url(url)) << url;
}

TEST(Webhook, PostsTheEventAndListensToTheAnswer) {
  const auto server = http::Server::create();
  std::atomic<int> status = 200;
  std::string body;
  std::string type;
  server->route("/hook", {"POST"}, [&](const http::Request& request, http::Responder responder) {
    body = request.body;
    type = request.header("content-type");
    responder.send(http::Response::text(status, ""));
  });
  const auto address = server->listen("127.0.0.1:0");
  ASSERT_TRUE(address) << address.error().message();
  const std::jthread loop([&] { server->run(); });
  const auto deliver = make_webhook({.url = "http://" + *address + "/hook"});
  ASSERT_TRUE(deliver) << deliver.error().message();
  const Result<> done = (*deliver)(*an_event());
  EXPECT_TRUE(done) << done.error().message();
  EXPECT_EQ(type, "application/json");
  EXPECT_TRUE(body.starts_with("{\"id\":1,\"kind\":\"oom_kill\"")) << body;
  status = 503;
  EXPECT_EQ((*deliver)(*an_event()).error().kind, ErrorKind::kBusy) << "to be tried again";
  status = 429;
  EXPECT_EQ((*deliver)(*an_event()).error().kind, ErrorKind::kBusy);
  status = 404;
  EXPECT_EQ((*deliver)(*an_event()).error().kind, ErrorKind::kRejected);
  server->stop();
}

class ExecHook : public testing::Test {
 protected:
  Result<> run(const std::string& script, milliseconds timeout = milliseconds(10'000)) {
    tree_.write("hook", "#!/bin/sh\n" + script + "\n");
    const std::string path = tree_.path() + "/hook";
    EXPECT_EQ(::chmod(path.c_str(), 0755), 0);
    const auto deliver = make_exec_hook({.argv = {"/bin/sh", path, "a b;c"}, .timeout = timeout});
    EXPECT_TRUE(deliver);
    return (*deliver)(*an_event());
  }
  std::string text(const std::string& name) {
    std::ostringstream out;
    out << std::ifstream(tree_.path() + "/" + name).rdbuf();
    return out.str();
  }
  TempTree tree_;
};

TEST_F(ExecHook, HasTheEventOnItsInputAndNoShellBetween) {
  const Result<> done =
      run("cat > " + tree_.path() + "/in; printf '%s' \"$1\" > " + tree_.path() + "/arg");
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_TRUE(text("in").starts_with("{\"id\":1")) << text("in");
  EXPECT_EQ(text("arg"), "a b;c");
}

TEST_F(ExecHook, FailsWithItsStatus) {
  const Result<> done = run("exit 7");
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().subject.find("ended with 7"), std::string::npos) << done.error().subject;
  EXPECT_EQ(done.error().kind, ErrorKind::kRejected) << "it ran: not again";
}

TEST_F(ExecHook, IsKilledAfterItsTimeWithItsChildren) {
  const auto begin = std::chrono::steady_clock::now();
  const Result<> done =
      run("sleep 60 & echo $! > " + tree_.path() + "/child; wait", milliseconds(300));
  ASSERT_FALSE(done);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
  const int child = std::stoi(text("child"));
  EXPECT_TRUE(soon([&] {
    std::ifstream stat("/proc/" + std::to_string(child) + "/stat");
    std::string line;
    return !std::getline(stat, line) || line.find(") Z") != std::string::npos;
  }));
}

TEST_F(ExecHook, NeedsAPath) {
  EXPECT_FALSE(make_exec_hook({.argv = {}}));
  EXPECT_FALSE(make_exec_hook({.argv = {"hook"}}));
  const auto nowhere = make_exec_hook({.argv = {"/nonexistent/hook"}});
  ASSERT_TRUE(nowhere);
  EXPECT_EQ((*nowhere)(*an_event()).error().os_error, ENOENT);
}

TEST(JournalFields, AreNamedAndOneLineEach) {
  const auto fields = journal_fields(*an_event());
  const auto has = [&](const std::string& field) {
    return std::ranges::find(fields, field) != fields.end();
  };
  EXPECT_TRUE(has("PLIMSOLL_KIND=oom_kill"));
  EXPECT_TRUE(has("PLIMSOLL_PID=12"));
  EXPECT_TRUE(has("PRIORITY=4"));
  EXPECT_TRUE(has("MESSAGE_ID=" + std::string(kBreachMessageId)));
  EXPECT_TRUE(fields[0].starts_with("MESSAGE=")) << fields[0];
  EXPECT_EQ(fields[0].find('\n'), std::string::npos);
}

}  // namespace
}  // namespace plimsoll::control
