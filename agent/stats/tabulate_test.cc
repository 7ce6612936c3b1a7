#include "agent/stats/tabulate.h"

#include <gtest/gtest.h>

namespace plimsoll::agent {
namespace {

TEST(Tabulate, PadsAsGosTabwriterDoes) {
  const std::vector<Cells> lines = {{"CONTAINER ID", "NAME", "PIDS"}, {"0123456789ab", "web", "7"}};
  EXPECT_EQ(tabulate(lines),
            "CONTAINER ID   NAME      PIDS\n"
            "0123456789ab   web       7\n");
}

TEST(Tabulate, LeavesTheLastCellAlone) {
  EXPECT_EQ(tabulate(std::vector<Cells>{{"a", "a very long last cell"}, {"b", ""}}),
            "a         a very long last cell\nb         \n");
}

TEST(Tabulate, AlignsRunsOfLinesThatHaveTheColumn) {
  const std::vector<Cells> lines = {{"wide first cell", "x"}, {"no columns here"}, {"b", "y"}};
  EXPECT_EQ(tabulate(lines),
            "wide first cell   x\n"
            "no columns here\n"
            "b         y\n");
}

TEST(Tabulate, CountsColumnsOfWideCharacters) {
  EXPECT_EQ(tabulate(std::vector<Cells>{{"数据库数据库", "x"}, {"café", "y"}}),
            "数据库数据库   x\n"
            "café           y\n");
}

TEST(Tabulate, OfNothingIsNothing) {
  EXPECT_EQ(tabulate({}), "");
}

TEST(SplitCells, AtTabs) {
  const std::vector<Cells> expected = {{"a", "b"}, {""}, {"", "c", ""}};
  EXPECT_EQ(split_cells("a\tb\n\n\tc\t\n"), expected);
}

const std::vector<Cells> kWide = {{"ID", "NAME", "CPU %", "MEM"},
                                  {"0123456789ab", "a-rather-long-container-name", "1.00%", "5MiB"},
                                  {"ba9876543210", "db", "99.00%", "50MiB"}};

std::string fitting(std::size_t width) {
  return tabulate_fitting(
      kWide, {.width = width, .shorten = {1}, .leave_out = {0, 3}, .min_shortened = 12});
}

TEST(TabulateFitting, KeepsDockersLayoutWhereThereIsRoom) {
  EXPECT_EQ(fitting(80), tabulate(kWide));
}

TEST(TabulateFitting, NarrowsGapsFirst) {
  EXPECT_EQ(fitting(58),
            "ID            NAME                          CPU %   MEM\n"
            "0123456789ab  a-rather-long-container-name  1.00%   5MiB\n"
            "ba9876543210  db                            99.00%  50MiB\n");
}

TEST(TabulateFitting, ThenShortensNames) {
  EXPECT_EQ(fitting(50),
            "ID            NAME                   CPU %   MEM\n"
            "0123456789ab  a-rather-long-contai…  1.00%   5MiB\n"
            "ba9876543210  db                     99.00%  50MiB\n");
}

TEST(TabulateFitting, ThenLeavesColumnsOut) {
  EXPECT_EQ(fitting(30),
            "NAME             CPU %   MEM\n"
            "a-rather-long-…  1.00%   5MiB\n"
            "db               99.00%  50MiB\n");
  // The room of a column left out goes to the names.
  EXPECT_EQ(fitting(26),
            "NAME                CPU %\n"
            "a-rather-long-con…  1.00%\n"
            "db                  99.00%\n");
}

TEST(TabulateFitting, AtLastCutsLines) {
  EXPECT_EQ(fitting(10), "NAME     …\na-rather-…\ndb       …\n");
}

class AnyWidth : public ::testing::TestWithParam<std::size_t> {};
TEST_P(AnyWidth, IsNeverExceeded) {
  for (const Cells& line : split_cells(fitting(GetParam()))) {
    std::size_t columns = 0;
    for (const char c : line[0]) columns += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    EXPECT_LE(columns, GetParam());
  }
}
INSTANTIATE_TEST_SUITE_P(, AnyWidth, ::testing::Range(std::size_t{1}, std::size_t{70}));

}  // namespace
}  // namespace plimsoll::agent
