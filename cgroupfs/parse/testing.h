// For the parsers' tests: tables of malformed texts, and pull parsers run to their end.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace plimsoll::cgroupfs {

struct BadText {
  const char* name;
  std::string text;
  std::string line;  // What the error must name.
};

// Every text must fail as kMalformed and name its line.
template <class Parse>
void expect_malformed(Parse parse, std::initializer_list<BadText> table) {
  for (const BadText& row : table) {
    SCOPED_TRACE(row.name);
    const auto result = parse(std::string_view(row.text));
    if (result.has_value()) {
      ADD_FAILURE() << "accepted: " << row.text;
      continue;
    }
    EXPECT_EQ(result.error().kind, ErrorKind::kMalformed);
    EXPECT_EQ(result.error().subject, row.line);
  }
}

// All entries of a pull parser, or its error.
template <class Cursor>
auto drain(Cursor cursor) {
  using Entry = typename decltype(cursor.next())::value_type::value_type;
  std::vector<Entry> entries;
  for (;;) {
    auto entry = cursor.next();
    if (!entry) return Result<std::vector<Entry>>(std::unexpected(std::move(entry).error()));
    if (!*entry) return Result<std::vector<Entry>>(std::move(entries));
    entries.push_back(**entry);
  }
}

}  // namespace plimsoll::cgroupfs
