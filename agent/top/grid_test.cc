#include "agent/top/grid.h"

#include <gtest/gtest.h>

namespace plimsoll::agent::top {
namespace {

TEST(Grid, CutsVisibly) {
  Grid grid({2, 8}, Glyphs::kUtf8);
  EXPECT_EQ(grid.put(0, 0, "plimsoll"), 8U);
  EXPECT_EQ(grid.put(1, 2, "plimsoll"), 6U);
  EXPECT_EQ(grid.text(), "plimsoll\n  plims…\n");
}

TEST(Grid, WritesNothingOutside) {
  Grid grid({1, 4}, Glyphs::kUtf8);
  EXPECT_EQ(grid.put(1, 0, "x"), 0U);
  EXPECT_EQ(grid.put(0, 4, "x"), 0U);
  EXPECT_EQ(grid.put(0, 0, "x", {}, 0), 0U);
  EXPECT_EQ(grid.text(), "\n");
}

TEST(Grid, EndsWhereItIsTold) {
  Grid grid({1, 10}, Glyphs::kUtf8);
  grid.put_right(0, 2, "12.5", {}, 6);
  EXPECT_EQ(grid.text(), "    12.5\n");
}

TEST(Grid, WideCharactersTakeTwoCells) {
  Grid grid({2, 4}, Glyphs::kUtf8);
  EXPECT_EQ(grid.put(0, 0, "漢字"), 4U);
  EXPECT_EQ(grid.at(0, 1).glyph, "");
  EXPECT_EQ(grid.put(1, 0, "a漢字"), 4U);  // No half of one at the end.
  EXPECT_EQ(grid.text(), "漢字\na漢…\n");
}

TEST(Grid, MarksStayOnTheirLetter) {
  Grid grid({1, 4}, Glyphs::kUtf8);
  EXPECT_EQ(grid.put(0, 0, "e\u0301x"), 2U);
  EXPECT_EQ(grid.at(0, 0).glyph, "e\u0301");
  EXPECT_EQ(grid.at(0, 1).glyph, "x");
}

TEST(Grid, ManyMarksDoNotGrowACell) {
  Grid grid({1, 4}, Glyphs::kUtf8);
  std::string text = "e";
  for (int i = 0; i < 1000; ++i) text += "\u0301";
  grid.put(0, 0, text);
  EXPECT_LE(grid.at(0, 0).glyph.size(), 10U);
}

// "a", U+202E, "b", U+2066, "c": not as text, which would turn this line around.
constexpr char kTurned[] = {'a', '\xe2', '\x80', '\xae', 'b', '\xe2', '\x81', '\xa6', 'c', '\0'};

struct Bad {
  const char* name;
  const char* text;
  const char* shown;
};
class GridReplaces : public ::testing::TestWithParam<Bad> {};
TEST_P(GridReplaces, WhatCouldDriveATerminal) {
  Grid grid({1, 30}, Glyphs::kUtf8);
  grid.put(0, 0, GetParam().text);
  EXPECT_EQ(grid.text(), std::string(GetParam().shown) + "\n");
}
INSTANTIATE_TEST_SUITE_P(, GridReplaces,
                         ::testing::Values(Bad{"Escape", "a\033[2Jb", "a?[2Jb"},
                                           Bad{"Newline", "a\nb\rc", "a?b?c"},
                                           Bad{"Delete", "a\177b", "a?b"},
                                           Bad{"C1", "a\u009b2Jb", "a?2Jb"},
                                           Bad{"Direction", kTurned, "a?b?c"},
                                           Bad{"Invisible", "a\u200bb\ufeffc\u00add", "a?b?c?d"},
                                           Bad{"NoUtf8", "a\xff\xc3(b", "a\ufffd\ufffd(b"},
                                           Bad{"Selector", "a\ufe0fb", "ab"}),
                         [](const auto& p) { return std::string(p.param.name); });

TEST(LastColumns, KeepThePathsEnd) {
  EXPECT_EQ(last_columns("/a/b/c", 6, Glyphs::kUtf8), "/a/b/c");
  EXPECT_EQ(last_columns("/a/b/c", 4, Glyphs::kUtf8), "…b/c");
  EXPECT_EQ(last_columns("/a/漢字", 4, Glyphs::kAscii), "~字");
  EXPECT_EQ(last_columns("/a", 0, Glyphs::kUtf8), "");
}

TEST(Grid, AsciiHasNothingElse) {
  Grid grid({2, 6}, Glyphs::kAscii);
  grid.put(0, 0, "né→x");
  grid.put(1, 0, "longer text");
  EXPECT_EQ(grid.text(), "n??x\nlonge~\n");
}

TEST(Grid, PaintsWithoutTouchingCharacters) {
  Grid grid({1, 3}, Glyphs::kUtf8);
  grid.put(0, 0, "abc");
  grid.paint(0, {.reverse = true});
  EXPECT_EQ(grid.text(), "abc\n");
  EXPECT_TRUE(grid.at(0, 2).style.reverse);
}

}  // namespace
}  // namespace plimsoll::agent::top
