#include "agent/limit/render.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace plimsoll::agent {
namespace {

using ::testing::HasSubstr;

constexpr const char* kShown = R"({"target":{"id":"4e1f00112233445566","name":"web",
 "runtime":"docker","cgroup":"/docker/4e1f","manager":""},"settings":[
 {"knob":"cpu.quota","detail":"","value":{"cpus":0.25},"unit":"cpus","text":"25000","file":"f",
  "found":"-1","lease_ends":"2026-11-21T08:09:12Z","rule":"lease"},
 {"knob":"memory.max","detail":"","value":67108864,"unit":"bytes","text":"67108864","file":"f",
  "found":"9223372036854771712","rule":"request"},
 {"knob":"memory.oom_kill_disable","detail":"","value":0,"unit":"switch","text":"0","file":"f"},
 {"knob":"io.rbps","detail":"8:0","value":"max","unit":"bytes/s","text":"","file":"f"},
 {"knob":"of.the_future","detail":"","value":[1],"text":"something","file":"f","more":1}]})";

WallTime moment() {
  return *parse_rfc3339("2026-11-21T08:00:00Z");
}

TEST(RenderTarget, IsATableOfNowAndBefore) {
  const auto shown = decode_target(kShown);
  ASSERT_TRUE(shown) << shown.error().message();
  EXPECT_EQ(render_target(*shown, moment()),
            "web  4e1f00112233  docker  /docker/4e1f\n"
            "KNOB                      NOW         FOUND BEFORE   LEASE     RULE\n"
            "cpu.quota                 0.25 cpus   max            9m12s     lease\n"
            "memory.max                64M         max            -         request\n"
            "memory.oom_kill_disable   off         -              -         -\n"
            "io.rbps 8:0               max         -              -         -\n"
            "of.the_future             something   -              -         -\n");
}

TEST(RenderTarget, ALeaseThatIsOverSaysSo) {
  const auto shown = decode_target(kShown);
  EXPECT_THAT(render_target(*shown, moment() + std::chrono::hours(1)), HasSubstr("over"));
}

TEST(RenderTargets, AllOfTheHost) {
  const auto all = decode_targets(
      R"({"containers":[{"id":"","name":"","runtime":"","cgroup":"/a\u001b","manager":"","changed":[
       {"knob":"pids.max","detail":"","value":5,"text":"5","found":"max","rule":"request"}]}]})");
  ASSERT_TRUE(all) << all.error().message();
  EXPECT_EQ(render_targets(*all, moment()),
            "CONTAINER   KNOB       NOW       FOUND BEFORE   LEASE     RULE\n"
            "/a?         pids.max   5         max            -         request\n");
  EXPECT_THAT(render_targets({}, moment()), HasSubstr("No limit was changed"));
}

TEST(RenderChange, LinesWithReasonsAndResults) {
  const auto answer = decode_change(
      R"({"result":"done","change":7,"target":{"name":"web","cgroup":"/w"},"writes":[
       {"cgroup":"/w","file":"memory.max","key":"","old":"max","new":"4096","reason":"memory.max 4K",
        "hazard":"uses 9000 bytes now","result":"done","read_back":"4096"}],"refusals":[]})");
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(render_change(*answer),
            "web: done (change 7)\n"
            "  /w memory.max: max -> 4096  # memory.max 4K; uses 9000 bytes now  [done]\n");
}

TEST(RenderChange, RefusalsAndPredictions) {
  const auto answer = decode_change(
      R"({"error":{"kind":"refused","message":"not done"},"writes":[
       {"cgroup":"/w","file":"io.max","key":"9:9","old":"","new":"9:9 rbps=2","reason":"io.rbps",
        "predicted_errno":"ENODEV"}],
       "refusals":[{"cgroup":"/w","knob":"cpu.burst","detail":"","reason":"no such control"}]})");
  ASSERT_TRUE(answer && answer->fault);
  EXPECT_EQ(answer->fault->kind, "refused");
  EXPECT_EQ(render_change(*answer),
            "! /w io.max 9:9: \"\" -> 9:9 rbps=2  # io.rbps; the kernel would say ENODEV\n"
            "! /w cpu.burst: refused, no such control\n");
  const auto same = decode_change(R"({"result":"unchanged","target":{"cgroup":"/w"}})");
  EXPECT_EQ(render_change(*same), "/w: unchanged, everything holds already\n");
}

TEST(RenderHistory, OneLineForEachRecord) {
  const auto answer = decode_history(
      R"({"records":[{"seq":1,"time":"2026-11-21T08:00:00.000000000Z","kind":"write","uid":1000,
       "pid":5,"comm":"plimsoll","rule":"request","change":3,"cgroup":"/w","knob":"pids.max",
       "file":"pids.max","old":"max","new":"5","read_back":"5","result":"done","detail":"pids.max 5"},
       {"seq":2,"time":"2026-11-21T08:00:01Z","kind":"refused","uid":0,"rule":"request",
        "detail":"no space"}],"broken":"audit.log line 3"})");
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->broken, "audit.log line 3");
  const std::string text = render_history(*answer);
  EXPECT_THAT(text, HasSubstr("2026-11-21T08:00:00   3         uid 1000 plimsoll   request"));
  EXPECT_THAT(text, HasSubstr("pids.max   max       5         done\n"));
  EXPECT_THAT(text, HasSubstr("refused: no space\n"));
  EXPECT_EQ(render_history({}), "Nothing was changed.\n");
}

TEST(RenderWhatIf, NowAndThen) {
  LimitWishes wishes;
  wishes.asked = {{limit::Knob::kMemoryMax, "", "1G"}, {limit::Knob::kPidsMax, "", "5"}};
  const std::string table =
      "KNOB         NOW       THEN\n"
      "memory.max   64M       1G\n"
      "pids.max     -         5\n";
  EXPECT_EQ(render_what_if(*decode_target(kShown), wishes, {}), table);
  const auto answer = decode_change(
      R"({"result":"planned","outlook":["memory.max: it uses 40M now, which leaves 984M",7]})");
  ASSERT_TRUE(answer);
  EXPECT_EQ(render_what_if(*decode_target(kShown), wishes, answer->outlook),
            table + "\nmemory.max: it uses 40M now, which leaves 984M\n");
}

TEST(Answers, OfNobodyWeKnowAreMalformed) {
  for (const char* body : {"", "[]", "{}", "null", R"({"target":1})", R"({"settings":[]})",
                           R"({"target":{"cgroup":"/a"},"settings":[1]})",
                           R"({"target":{"cgroup":"/a"},"settings":{}})"}) {
    const auto shown = decode_target(body);
    ASSERT_FALSE(shown) << body;
    EXPECT_EQ(shown.error().kind, ErrorKind::kMalformed);
  }
  EXPECT_FALSE(decode_targets(R"({"containers":[{"changed":[]}]})"));
  EXPECT_FALSE(decode_change("{}"));
  EXPECT_FALSE(decode_history("{}"));
  EXPECT_EQ(decode_fault("nonsense"), std::nullopt);
  EXPECT_EQ(decode_fault(R"({"error":{"kind":"busy","message":"later"}})")->message, "later");
}

TEST(Answers, SayWhatIsLimited) {
  const auto now = currents_of(*decode_target(kShown));
  ASSERT_EQ(now.size(), 4U);
  EXPECT_EQ(now[1].number, 67108864U);
  EXPECT_TRUE(now[1].limited);
  EXPECT_FALSE(now[3].limited);
}

}  // namespace
}  // namespace plimsoll::agent
