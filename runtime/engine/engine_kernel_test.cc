// Containers on this machine's kernel: from an image to an exit code, and all between.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "runtime/engine/engine_testing.h"

namespace plimsoll::engine {
namespace {

using model::Refused;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(EngineTest, WhatIsAttachedBeforeTheStartMissesNothing) {
  const auto created = engine_->create("hello", sh("echo out; echo bad >&2; exit 42"));
  ASSERT_TRUE(created) << created.error().message;
  Heard heard;
  const auto input = engine_->attach("hello", {}, heard.output());
  ASSERT_TRUE(input) << input.error().message;
  const auto started = engine_->start("hello");
  ASSERT_TRUE(started) << started.error().message;
  EXPECT_EQ(heard.all(), "out\n");
  EXPECT_EQ(heard.errors(), "bad\n");
  EXPECT_EQ(end_of("hello"), 42);
  const ContainerPtr container = seen("hello");
  EXPECT_EQ(container->state.status, Status::kExited);
  EXPECT_EQ(container->state.exit_code, 42);
  EXPECT_TRUE(container->state.started && container->state.finished);
  EXPECT_FALSE(container->state.oom_killed);
  EXPECT_EQ(log_of("hello"), "out\n");
}

TEST_F(EngineTest, AProgramThatIsNotThereIsRefusedInTheWordsThatClientsKnow) {
  model::Definition definition = sh("");
  definition.config.cmd = {"nosuch"};
  const auto created = engine_->create("", definition);
  ASSERT_TRUE(created) << created.error().message;
  const auto started = engine_->start(created->id);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().why, Refused::kInvalid);
  EXPECT_THAT(started.error().message, HasSubstr("exec: \"nosuch\": executable file not found in "
                                                 "$PATH"));
  const ContainerPtr container = seen(created->id);
  EXPECT_EQ(container->state.status, Status::kCreated);
  EXPECT_EQ(container->state.exit_code, 127);
  EXPECT_EQ(log_of(created->id), "");
}

TEST_F(EngineTest, ANameThatIsTakenIsAConflict) {
  const auto first = engine_->create("web", sh("true"));
  ASSERT_TRUE(first);
  const auto second = engine_->create("web", sh("true"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().why, Refused::kConflict);
  EXPECT_EQ(second.error().message,
            "Conflict. The container name \"/web\" is already in use by container \"" + first->id +
                "\". You have to remove (or rename) that container to be able to reuse that name.");
  ASSERT_TRUE(engine_->rename("web", "other"));
  EXPECT_TRUE(engine_->create("web", sh("true")));
}

TEST_F(EngineTest, AnExecHasItsOwnOutputAndExitCode) {
  const std::string id = run(sh("sleep 100"));
  ExecDefinition definition;
  definition.cmd = {"sh", "-c", "cat; id -u; pwd; echo err >&2; exit 7"};
  definition.user = "web";
  definition.working_dir = "/tmp";
  definition.attach_stdin = definition.attach_stdout = definition.attach_stderr = true;
  const auto exec = engine_->exec_create(id, definition);
  ASSERT_TRUE(exec) << exec.error().message;
  Heard heard;
  const auto input = engine_->exec_start(*exec, false, heard.output());
  ASSERT_TRUE(input) << input.error().message;
  (*input)->write("typed\n");
  (*input)->end();
  EXPECT_EQ(heard.all(), "typed\n33\n/tmp\n");
  EXPECT_EQ(heard.errors(), "err\n");
  EXPECT_EQ(engine_->exec_find(*exec)->exit_code, 7);
  const auto again = engine_->exec_start(*exec, false, heard.output());
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().why, Refused::kConflict);
  definition.cmd = {"nosuch"};
  const auto missing = engine_->exec_create(id, definition);
  Heard words;
  ASSERT_TRUE(engine_->exec_start(*missing, false, words.output()));
  EXPECT_EQ(words.all(), "");
  EXPECT_THAT(words.errors(), HasSubstr("executable file not found in $PATH"));
  EXPECT_EQ(engine_->exec_find(*missing)->exit_code, 127);
}

TEST_F(EngineTest, StopSendsItsSignalAndThenKills) {
  const std::string kind = run(sh("trap 'exit 3' TERM; echo up; while :; do sleep 0.05; done"));
  // Before it says so the signal is nothing to the first process of a container.
  for (int wait = 0; wait < 500 && log_of(kind) != "up\n"; ++wait)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  ASSERT_TRUE(engine_->stop(kind, std::nullopt, ""));
  EXPECT_EQ(seen(kind)->state.exit_code, 3);
  const auto again = engine_->stop(kind, std::nullopt, "");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().why, Refused::kNotModified);
  const std::string deaf = run(sh("trap '' TERM; while :; do sleep 0.05; done"));
  ASSERT_TRUE(engine_->stop(deaf, 0, ""));
  EXPECT_EQ(seen(deaf)->state.exit_code, 137);
  ASSERT_TRUE(engine_->start(deaf));
  ASSERT_TRUE(engine_->restart(deaf, 0, ""));
  EXPECT_EQ(seen(deaf)->state.status, Status::kRunning);
  ASSERT_TRUE(engine_->pause(deaf));
  EXPECT_EQ(seen(deaf)->state.status, Status::kPaused);
  ASSERT_TRUE(engine_->unpause(deaf));
  const auto refused = engine_->remove(deaf, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().why, Refused::kConflict);
  ASSERT_TRUE(engine_->kill(deaf, "KILL"));
  EXPECT_EQ(end_of(deaf), 137);
}

TEST_F(EngineTest, AVolumeBeginsWithWhatTheImageHas) {
  model::Definition definition = sh("cat /data/seed; echo more > /data/more; cat /etc/hostname");
  definition.host.binds = {"plimsoll-test-volume:/data"};
  definition.config.volumes = {"/anonymous"};
  definition.config.hostname = "host-of-mine";
  const std::string id = run(definition);
  EXPECT_EQ(end_of(id), 0);
  EXPECT_EQ(log_of(id), "from the image\nhost-of-mine\n");
  EXPECT_EQ(engine_->volumes().size(), 2U);
  definition = sh("cat /data/more; echo x > /data/y");
  definition.host.binds = {"plimsoll-test-volume:/data:ro"};
  const std::string reader = run(definition);
  EXPECT_EQ(end_of(reader), 1);
  EXPECT_EQ(log_of(reader), "more\n");
  const auto refused = engine_->remove_volume("plimsoll-test-volume", false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().why, Refused::kConflict);
  ASSERT_TRUE(engine_->remove(id, {.volumes = true}));
  EXPECT_EQ(engine_->volumes().size(), 1U) << "the anonymous one went, the named one stays";
}

TEST_F(EngineTest, APolicyStartsItAgain) {
  model::Definition definition = sh("echo run; exit 5");
  definition.host.restart_policy = {"on-failure", 2};
  const std::string id = run(definition);
  ASSERT_TRUE(becomes(id, Status::kExited));
  EXPECT_EQ(seen(id)->restart_count, 2);
  EXPECT_EQ(log_of(id), "run\nrun\nrun\n");
}

TEST_F(EngineTest, WhatRunsIsTakenUpByTheNextEngine) {
  const std::string stays = run(sh("echo before; read x; while :; do sleep 0.05; done"), "stays");
  model::Definition definition =
      sh("trap 'echo after; exit 9' TERM; echo up; "
         "while :; do sleep 0.05; done");
  const std::string ends = run(definition, "ends");
  const int pid = seen(ends)->state.pid;
  close();
  ASSERT_EQ(::kill(pid, SIGTERM), 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  open();
  EXPECT_EQ(end_of(ends), 9);
  EXPECT_EQ(log_of(ends), "up\nafter\n");
  EXPECT_EQ(seen("stays")->state.status, Status::kRunning);
  ExecDefinition exec;
  exec.cmd = {"echo", "here"};
  exec.attach_stdout = true;
  Heard heard;
  const auto made = engine_->exec_create(stays, exec);
  ASSERT_TRUE(made) << made.error().message;
  const auto input = engine_->exec_start(*made, false, heard.output());
  EXPECT_EQ(heard.all(), "here\n");
}

TEST_F(EngineTest, AnExecIsTakenUpByTheNextEngine) {
  const std::string id = run(sh("sleep 100"));
  ExecDefinition definition;
  definition.cmd = {"sh", "-c", "while [ ! -e /tmp/enough ]; do sleep 0.05; done; exit 6"};
  definition.user = "web";
  const auto stays = engine_->exec_create(id, definition);
  ASSERT_TRUE(stays && engine_->exec_start(*stays, false, {}));
  definition.cmd = {"sh", "-c", "sleep 0.3; exit 7"};
  const auto ends = engine_->exec_create(id, definition);
  ASSERT_TRUE(ends && engine_->exec_start(*ends, false, {}));
  const int pid = engine_->exec_find(*stays)->pid;
  close();
  std::this_thread::sleep_for(std::chrono::milliseconds(600));
  open();
  const auto code_of = [&](const std::string& exec) {
    for (int i = 0; i < 500 && engine_->exec_find(exec)->running; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return engine_->exec_find(exec)->exit_code;
  };
  ASSERT_TRUE(engine_->exec_find(*ends));
  EXPECT_EQ(code_of(*ends), 7) << "it ended while no engine was there";
  const auto found = engine_->exec_find(*stays);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_TRUE(found->running);
  EXPECT_EQ(found->pid, pid);
  EXPECT_EQ(found->container_id, id);
  EXPECT_EQ(found->definition.user, "web");
  EXPECT_THAT(seen(id)->exec_ids, ::testing::UnorderedElementsAre(*stays, *ends));
  definition.user.clear();
  definition.cmd = {"touch", "/tmp/enough"};
  const auto touch = engine_->exec_create(id, definition);
  ASSERT_TRUE(touch && engine_->exec_start(*touch, false, {}));
  EXPECT_EQ(code_of(*stays), 6);
}

TEST_F(EngineTest, ALogIsFollowedAndCut) {
  const std::string id = run(sh("for i in 1 2 3; do echo line $i; done; read x; exit 0"));
  LogOptions options;
  EXPECT_EQ(end_of(id), 0);
  options.tail = 2;
  EXPECT_EQ(log_of(id, options), "line 2\nline 3\n");
  options.tail = 0;
  EXPECT_EQ(log_of(id, options), "");
  options.tail.reset();
  options.timestamps = true;
  EXPECT_THAT(log_of(id, options), HasSubstr("Z line 1\n"));
  const std::string talks = run(sh("while :; do echo tick; sleep 0.05; done"));
  Heard heard;
  LogOptions follow;
  follow.follow = true;
  const auto reads = engine_->logs(talks, follow, heard.output());
  ASSERT_TRUE(reads);
  EXPECT_TRUE(heard.waits_for("tick\ntick\ntick\n"));
  ASSERT_TRUE(engine_->kill(talks, ""));
  EXPECT_THAT(heard.all(), HasSubstr("tick\n"));
}

TEST_F(EngineTest, ItsHealthIsAsked) {
  model::Definition definition = sh("sleep 100");
  definition.config.healthcheck = model::Healthcheck{.test = {"CMD-SHELL", "test -f /tmp/well"},
                                                     .interval = std::chrono::milliseconds(50),
                                                     .retries = 2};
  const std::string id = run(definition);
  const auto is = [&](const std::string& status) {
    for (int i = 0; i < 1000; ++i) {
      if (seen(id)->state.health->status == status) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  };
  EXPECT_EQ(seen(id)->state.health->status, "starting");
  EXPECT_TRUE(is("unhealthy"));
  ExecDefinition exec;
  exec.cmd = {"touch", "/tmp/well"};
  const auto made = engine_->exec_create(id, exec);
  ASSERT_TRUE(engine_->exec_start(*made, false, {}));
  EXPECT_TRUE(is("healthy"));
}

TEST_F(EngineTest, ContainersOfABridgeHaveAddressesAndPorts) {
  model::Definition definition = sh("cat /etc/hosts; sleep 100");
  definition.host.network_mode = "bridge";
  definition.host.port_bindings["80/tcp"] = {{"127.0.0.1", "18080"}};
  const std::string id = run(definition);
  const ContainerPtr container = seen(id);
  ASSERT_EQ(container->endpoints.size(), 1U);
  EXPECT_EQ(container->endpoints[0].address, "172.27.0.2");
  ASSERT_EQ(container->published.size(), 1U);
  EXPECT_EQ(container->published[0].host_port, 18080);
  Heard heard;
  LogOptions follow;
  follow.follow = true;
  const auto reads = engine_->logs(id, follow, heard.output());
  EXPECT_TRUE(heard.waits_for(id.substr(0, 12)));
  ASSERT_TRUE(engine_->stop(id, 0, ""));
  EXPECT_THAT(log_of(id), HasSubstr("172.27.0.2\t" + id.substr(0, 12)));
  EXPECT_TRUE(seen(id)->published.empty());
}

TEST_F(EngineTest, AContainerThatRemovesItselfIsGoneWithItsVolumes) {
  model::Definition definition = sh("true");
  definition.host.auto_remove = true;
  definition.config.volumes = {"/scratch"};
  const auto created = engine_->create("brief", definition);
  ASSERT_TRUE(created) << created.error().message;
  bool removed = false;
  std::mutex mutex;
  std::condition_variable changed;
  const auto waits = engine_->wait("brief", WaitFor::kRemoved, [&](const WaitResult& result) {
    const std::lock_guard lock(mutex);
    removed = result.status_code == 0;
    changed.notify_all();
  });
  ASSERT_TRUE(engine_->start("brief"));
  std::unique_lock lock(mutex);
  EXPECT_TRUE(changed.wait_for(lock, std::chrono::seconds(20), [&] { return removed; }));
  EXPECT_FALSE(engine_->find("brief"));
  EXPECT_TRUE(engine_->volumes().empty());
}

TEST_F(EngineTest, ATerminalIsResized) {
  model::Definition definition = sh("read line; echo got $line; stty size");
  definition.config.tty = definition.config.open_stdin = true;
  const auto created = engine_->create("tty", definition);
  ASSERT_TRUE(created);
  Heard heard;
  const auto input = engine_->attach("tty", {.stdin_too = true}, heard.output());
  const auto started = engine_->start("tty");
  ASSERT_TRUE(started) << started.error().message;
  ASSERT_TRUE(engine_->resize("tty", 31, 91));
  (*input)->write("words\n");
  EXPECT_TRUE(heard.waits_for("got words\r\n31 91\r\n"));
  EXPECT_EQ(end_of("tty"), 0);
}

TEST_F(EngineTest, ItsLimitsAreChangedWhileItRuns) {
  const std::string id = run(sh("sleep 100"));
  model::UpdateRequest request;
  request.resources.memory = 64 << 20;
  const auto updated = engine_->update(id, request);
  ASSERT_TRUE(updated) << updated.error().message;
  EXPECT_EQ(seen(id)->definition.host.resources.memory, 64 << 20);
  const auto top = engine_->top(id, "");
  ASSERT_TRUE(top) << top.error().message;
  ASSERT_FALSE(top->processes.empty());
  EXPECT_EQ(top->titles.size(), top->processes[0].size());
  const auto tree = engine_->tree(id);
  ASSERT_TRUE(tree) << tree.error().message;
  EXPECT_EQ(::faccessat(tree->root.get(), "bin/busybox", X_OK, 0), 0);
}

}  // namespace
}  // namespace plimsoll::engine
