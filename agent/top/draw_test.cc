// Screens as text, compared with testdata/*.txt; PLIMSOLL_WRITE_SCREENS=1 writes those anew, to be
// looked at before they are kept.
#include "agent/top/draw.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "agent/top/test_frames.h"

namespace plimsoll::agent::top {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string read_file(const std::string& path) {
  const std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

void expect_screen(const std::string& name, const Grid& grid) {
  const std::string path = std::string(PLIMSOLL_TESTDATA) + "/" + name + ".txt";
  if (std::getenv("PLIMSOLL_WRITE_SCREENS") != nullptr)
    std::ofstream(path, std::ios::binary) << grid.text();
  EXPECT_EQ(grid.text(), read_file(path)) << name;
}

// U+202E, which turns what follows around: not as one literal, which would turn this line.
const std::string kTurned = {'\xe2', '\x80', '\xae'};
constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

// A small host in the night: one full, one killed, one throttled, one stalled, two well.
std::vector<StatsRow> host(int second) {
  StatsRow db = full_row("shop-db-1", '1');
  db.compose_project = "shop";
  db.compose_service = "db";
  db.image = "postgres:16";
  db.block_write = static_cast<std::uint64_t>(second) * 3'400'000;
  StatsRow web = calm_row("shop-web-1", '2');
  web.compose_project = "shop";
  web.compose_service = "web";
  web.cpu_limit = Limit<double>(0.5);
  web.cpu_cores = 0.06 * (second % 9);
  web.throttled = 0.31;
  web.net_rx = static_cast<std::uint64_t>(second) * 120'000;
  web.net_tx = static_cast<std::uint64_t>(second) * 8'000;
  StatsRow batch = calm_row("batch", '3');
  batch.cpu_cores = 1.0049;
  batch.memory = (100 + static_cast<std::uint64_t>(second)) * kMiB;
  batch.memory_limit = Limit<std::uint64_t>::none();
  batch.psi_cpu = 0.4;
  StatsRow killed = calm_row("importer", '4');
  killed.oom_kills = second < 10 ? 0 : 1;
  StatsRow pod = calm_row("prod/api-0/api", '5');
  pod.pod_name = "api-0";
  pod.pod_namespace = "prod";
  pod.pod_container = "api";
  pod.runtime = "containerd";
  pod.cgroup = "/kubepods.slice/pod5/" + pod.id;
  pod.psi_io = 0.6;
  StatsRow strange = calm_row("na\033[2Jme " + kTurned + "evil", '6');
  strange.oom_kills.reset();
  strange.psi_cpu.reset();
  strange.psi_memory.reset();
  strange.psi_io.reset();
  strange.net_rx.reset();
  strange.net_tx.reset();
  return {db, web, batch, killed, pod, strange, unit_row("nginx.service")};
}

class Draw : public ::testing::Test {
 protected:
  Draw() : model_({.list = {}, .filter = "", .host = "host1"}) {
    model_.resize({24, 80});
    for (int second = 0; second < 16; ++second) model_.take(frame_at(second, host(second)));
  }
  Effect press(char32_t c) { return model_.press(letter(c)); }
  Effect press(KeyKind kind) { return model_.press(key(kind)); }
  void select(std::string_view name) {
    press(KeyKind::kHome);
    while (model_.lines()[model_.selected()].label != name) press(KeyKind::kDown);
  }
  [[nodiscard]] Grid grid(Glyphs glyphs = Glyphs::kUtf8) const { return draw(model_, glyphs).grid; }
  void answer(const Effect& effect, std::vector<std::string> lines, bool done = true) {
    model_.answer({.ticket = effect.ticket, .done = done, .lines = std::move(lines)});
  }

  Model model_;
};

TEST_F(Draw, ListIn80Columns) {
  expect_screen("list-80x24", grid());
}

TEST_F(Draw, ListIn120Columns) {
  model_.resize({40, 120});
  expect_screen("list-120x40", grid());
}

TEST_F(Draw, ListInAscii) {
  expect_screen("list-ascii", grid(Glyphs::kAscii));
}

TEST_F(Draw, ListInTheSmallestWindow) {
  model_.resize(kSmallest);
  expect_screen("list-smallest", grid());
}

TEST_F(Draw, TreeByOwner) {
  press(U't');
  expect_screen("tree-owners", grid());
}

TEST_F(Draw, TreeByCgroupWithUnits) {
  press(U'a');
  press(U't');
  press(U't');
  expect_screen("tree-cgroups", grid());
}

TEST_F(Draw, Detail) {
  select("shop-web-1");
  press(KeyKind::kEnter);
  expect_screen("detail-80x24", grid());
  model_.resize({40, 120});
  expect_screen("detail-120x40", grid());
}

TEST_F(Draw, DetailOfOneThatHasGone) {
  select("batch");
  press(KeyKind::kEnter);
  model_.take(frame_at(100, {calm_row("other", '9')}));
  EXPECT_THAT(grid().text(), HasSubstr("it has gone"));
}

TEST_F(Draw, Help) {
  press(U'?');
  const Grid page = grid();
  expect_screen("help", page);
  // Its last line is in sight, or can be scrolled to.
  press(KeyKind::kEnd);
  EXPECT_THAT(grid().text(), HasSubstr("THR%"));
}

TEST_F(Draw, Logs) {
  select("shop-db-1");
  const Effect logs = press(U'l');
  EXPECT_THAT(grid().text(), HasSubstr("asking the engine"));
  answer(logs, {"ready to accept connections", "checkpoint starting: time", "a\033[2Jb"});
  expect_screen("logs", grid());
}

TEST_F(Draw, LimitsFromTypingToReadingBack) {
  select("shop-db-1");
  answer(press(U'e'), {"shop-db-1  111111111111  docker", "KNOB        NOW    FOUND BEFORE",
                       "memory.max  512M   -"});
  for (const char c : std::string_view("memory=1G")) press(static_cast<char32_t>(c));
  const Picture typing = draw(model_, Glyphs::kUtf8);
  expect_screen("limit-typing", typing.grid);
  ASSERT_TRUE(typing.cursor);
  EXPECT_EQ(typing.cursor->line, 22U);
  EXPECT_EQ(typing.cursor->column, 14U);
  answer(press(KeyKind::kEnter), {"KNOB        NOW    THEN", "memory.max  512M   1G", "",
                                  "! /docker/1 pids.max: refused, because"});
  expect_screen("limit-plan", grid());
  answer(press(U'y'), {"read back:", "memory.max  1G     512M"});
  expect_screen("limit-done", grid());
}

TEST_F(Draw, WhatIsSaidInsteadOfAList) {
  model_.note("127.0.0.1:7546: gone; sampling without it");
  EXPECT_THAT(grid().line_text(1), HasSubstr("sampling without it"));
  press(U' ');
  EXPECT_THAT(grid().line_text(0), HasSubstr("HELD"));
  press(U' ');
  for (int i = 0; i < 5; ++i) static_cast<void>(model_.tick());
  EXPECT_THAT(grid().line_text(0), HasSubstr("no sample for 5 s"));
  press(U'/');
  press(U'~');
  EXPECT_THAT(grid().text(), HasSubstr("nothing matches ~"));
  press(KeyKind::kEscape);
  model_.take(frame_at(100, {}));
  EXPECT_THAT(grid().text(), HasSubstr("no container runs here"));
}

TEST_F(Draw, TooSmallSaysSo) {
  for (const Size size : {Size{5, 20}, Size{1, 1}, Size{7, 200}, Size{200, 39}, Size{0, 0}}) {
    model_.resize(size);
    const Grid small = grid();
    EXPECT_EQ(small.size(), size);
    if (size.lines > 0 && size.columns >= 9) {
      EXPECT_EQ(small.line_text(0), "too small");
    }
  }
}

// No window, view or key makes it write outside or drive the terminal.
TEST_F(Draw, EveryViewFitsEveryWindow) {
  const char32_t keys[] = U"ej?lq/xt <sa";
  for (std::size_t lines = 1; lines < 30; lines += 3)
    for (std::size_t columns = 1; columns < 140; columns += 7) {
      model_.resize({lines, columns});
      for (const char32_t c : keys) {
        press(c);
        const Picture picture = draw(model_, Glyphs::kUtf8);
        ASSERT_EQ(picture.grid.size(), (Size{lines, columns}));
        ASSERT_THAT(picture.grid.text(), Not(HasSubstr("\033")));
        ASSERT_THAT(picture.grid.text(), Not(HasSubstr(kTurned)));
        if (picture.cursor) {
          ASSERT_LT(picture.cursor->line, lines);
          ASSERT_LT(picture.cursor->column, columns);
        }
      }
      press(KeyKind::kEscape);
      press(KeyKind::kEscape);
    }
}

TEST_F(Draw, AlarmsAreMarkedWithoutColours) {
  const Grid list = grid(Glyphs::kAscii);
  for (std::size_t line = Model::kListLine; line < list.size().lines - 1; ++line) {
    const bool toned = list.at(line, 1).style.tone == Tone::kAlarm;
    EXPECT_EQ(toned && list.at(line, 0).glyph != ">", list.at(line, 0).glyph != ">" &&
                                                          list.at(line, 1).glyph == "!" &&
                                                          list.at(line, 2).glyph == "!");
  }
}

}  // namespace
}  // namespace plimsoll::agent::top
