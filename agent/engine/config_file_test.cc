#include "agent/engine/config_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "base/temp_tree.h"

namespace plimsoll::agent {
namespace {

struct Taken {
  EngineSettings settings;
  std::vector<std::string> problems;
};

Taken take(std::string_view text) {
  Taken taken;
  const auto table = settings_of(taken.settings);
  for (const auto& problem : take_config("engine.yaml", text, table))
    taken.problems.push_back(to_text(problem));
  return taken;
}

std::vector<std::string> problems(std::string_view text) {
  return take(text).problems;
}

using Texts = std::vector<std::string>;

TEST(EngineConfigFile, HasTheFlagsNames) {
  const Taken taken = take(
      "state-dir: /srv/state\n"
      "events.webhook: [http://127.0.0.1:1/a, 'unix:/run/x.sock:/b']\n"
      "events.journal: true\n"
      "log.level: warn\n"
      "kernel-log: \"\"\n");
  EXPECT_EQ(taken.problems, Texts());
  const EngineConfig config = engine_config(taken.settings);
  EXPECT_EQ(config.state_dir, "/srv/state");
  EXPECT_EQ(config.events.webhooks, (Texts{"http://127.0.0.1:1/a", "unix:/run/x.sock:/b"}));
  EXPECT_TRUE(config.events.journal);
  EXPECT_EQ(config.log_level, log::Level::kWarn);
  EXPECT_EQ(config.events.kernel_log, "");
  EXPECT_EQ(config.run_dir, "/run/plimsoll");  // Not said: the default.
}

TEST(EngineConfigFile, TakesDottedKeysAsMapsToo) {
  const Taken taken = take("log: {level: debug}\nevents:\n  webhook: http://127.0.0.1:1/a\n");
  EXPECT_EQ(taken.problems, Texts());
  EXPECT_EQ(taken.settings.log_level, "debug");
  EXPECT_EQ(taken.settings.config.events.webhooks, (Texts{"http://127.0.0.1:1/a"}));
}

TEST(EngineConfigFile, NamesTheLineOfEveryMistake) {
  EXPECT_EQ(problems("run-dir: /run/x\nsokcet: /x\nlog:\n  levle: info\n"),
            (Texts{"engine.yaml:2:1: unknown key \"sokcet\"; the nearest known one is \"socket\"",
                   "engine.yaml:4:3: unknown key \"log.levle\"; the nearest known one is "
                   "\"log.level\""}));
  EXPECT_EQ(problems("log.level: loud\nlog: {level: info}\n"),
            (Texts{"engine.yaml:1:12: log.level: give debug, info, warn or error",
                   "engine.yaml:2:7: log.level: given twice"}));
  EXPECT_EQ(problems("log: loud\n"),
            (Texts{"engine.yaml:1:6: log: expected keys and values, not a text"}));
  EXPECT_EQ(problems("events.journal: maybe\n"),
            (Texts{"engine.yaml:1:17: events.journal: give true or false"}));
  EXPECT_EQ(problems("events.exec: [relative]\n"),
            (Texts{"engine.yaml:1:15: events.exec: give a path that begins with '/'"}));
  EXPECT_EQ(problems("socket: [/a, /b]\n"),
            (Texts{"engine.yaml:1:9: socket: expected a text, not a list"}));
  EXPECT_EQ(problems("[a]\n"), (Texts{"engine.yaml:1:1: expected keys and values, not a list"}));
  EXPECT_EQ(problems("a: [\n").size(), 1U);
  EXPECT_EQ(problems("zzzzzzzzzzzz: 1\n"),
            (Texts{"engine.yaml:1:1: unknown key \"zzzzzzzzzzzz\"; the keys are the flags of "
                   "`plimsoll engine --help`, without the dashes"}));
  EXPECT_EQ(problems("events.webhook: [ftp://x/y]\n").size(), 1U);
}

TEST(EngineConfigFile, MayBeEmpty) {
  EXPECT_EQ(problems(""), Texts());
  EXPECT_EQ(problems("# nothing yet\n"), Texts());
}

TEST(EngineConfigFile, TheExampleIsOne) {
  std::ifstream file(PLIMSOLL_SOURCE_DIR "/packaging/engine.yaml");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  ASSERT_FALSE(text.empty());
  EXPECT_EQ(problems(text), Texts());
  // What it has commented out is right as well, and the default.
  std::string all;
  for (std::size_t at = 0; at < text.size();) {
    const std::string line = text.substr(at, text.find('\n', at) - at);
    at += line.size() + 1;
    const bool setting = line.starts_with('#') && !line.starts_with("# ") && line.size() > 1;
    all += (setting ? line.substr(1) : line) + "\n";
  }
  const Taken taken = take(all);
  EXPECT_EQ(taken.problems, Texts());
  const EngineSettings defaults;
  EngineSettings same = taken.settings;
  same.config.socket = defaults.config.socket;  // By default made of run-dir.
  same.host_root = defaults.host_root;          // "/" says the same as nothing.
  EXPECT_EQ(need_restart(defaults, same), (std::vector<std::string_view>()));
}

TEST(EngineConfigFile, MustBelongToWhoeverRunsIt) {
  const TempTree tree{{"engine.yaml", "log.level: warn\n"}};
  const std::string path = tree.path() + "/engine.yaml";
  EngineSettings settings;
  const auto table = settings_of(settings);
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  EXPECT_TRUE(take_config_file(path, ::geteuid(), table).empty());
  EXPECT_EQ(settings.log_level, "warn");
  ASSERT_EQ(::chmod(path.c_str(), 0666), 0);
  const auto refused = take_config_file(path, ::geteuid(), table);
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_NE(to_text(refused[0]).find("may be written by others"), std::string::npos);
  EXPECT_EQ(take_config_file(tree.path() + "/none.yaml", ::geteuid(), table).size(), 1U);
}

TEST(EngineSettings, SayWhatNeedsARestart) {
  const EngineSettings running;
  EngineSettings wanted;
  wanted.log_level = "debug";
  wanted.config.control_group = "staff";
  EXPECT_TRUE(need_restart(running, wanted).empty());
  wanted.config.state_dir = "/elsewhere";
  wanted.host_root = "/host";
  EXPECT_EQ(need_restart(running, wanted),
            (std::vector<std::string_view>{"state-dir", "host-root"}));
}

}  // namespace
}  // namespace plimsoll::agent
