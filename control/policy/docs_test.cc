// The tables of docs/policies.md are printed from the decoder's table:
//   PLIMSOLL_WRITE_DOCS=1 plimsoll_control_policy_test --gtest_filter='PolicyDocs.*'
// What stands there as an example, and what packaging ships, must load.
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "control/policy/keys.h"
#include "control/policy/load.h"
#include "control/policy/test_policies.h"
#include "control/policy/ties.h"

namespace plimsoll::policy {
namespace {

const std::string kDocs = PLIMSOLL_SOURCE_DIR "/docs/policies.md";
constexpr std::string_view kBegin = "<!-- keys -->\n";
constexpr std::string_view kEnd = "<!-- /keys -->\n";

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string tables() {
  std::string out;
  for (const Section section :
       {Section::kFile, Section::kRule, Section::kMatch, Section::kCompose, Section::kWindow}) {
    out.append("\n**").append(title_of(section)).append("**\n\n");
    out += "| key | value | without it | |\n|---|---|---|---|\n";
    for (const KeyInfo& key : keys()) {
      if (key.section != section) continue;
      out.append("| `").append(key.name).append("` | ").append(key.value).append(" | ");
      out.append(key.missing).append(" | ").append(key.help).append(" |\n");
    }
  }
  return out + "\n";
}

TEST(PolicyDocs, HaveTheDecodersKeys) {
  std::string text = read(kDocs);
  const std::size_t begin = text.find(kBegin);
  const std::size_t end = text.find(kEnd);
  ASSERT_NE(begin, std::string::npos);
  ASSERT_NE(end, std::string::npos);
  const std::size_t from = begin + kBegin.size();
  if (::getenv("PLIMSOLL_WRITE_DOCS") != nullptr) {
    text.replace(from, end - from, tables());
    std::ofstream(kDocs, std::ios::binary) << text;
    return;
  }
  EXPECT_EQ(text.substr(from, end - from), tables())
      << "write it again, as the head of this test says";
}

TEST(PolicyDocs, TheirExampleLoads) {
  std::string example;
  const std::string whole = read(kDocs);
  std::string_view rest = whole;
  for (std::string_view line; next_line(rest, line);)
    if (line.starts_with("    ")) example.append(line.substr(4)).append("\n");
  const auto rules = rules_of(example, "docs");
  ASSERT_EQ(rules.size(), 1U);
  EXPECT_EQ(rules[0].limits.size(), 3U);
}

TEST(PolicyExamples, LoadTogetherAndObserve) {
  std::vector<Rule> rules;
  std::size_t files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(PLIMSOLL_SOURCE_DIR "/packaging/policy.d")) {
    ++files;
    const Loaded loaded = load_file(entry.path(), WallTime());
    EXPECT_THAT(texts_of(loaded.problems), testing::IsEmpty());
    rules.insert(rules.end(), loaded.set.rules.begin(), loaded.set.rules.end());
  }
  EXPECT_GE(files, 3U);
  EXPECT_THAT(texts_of(ties_of(rules)), testing::IsEmpty());
  for (const Rule& rule : rules) EXPECT_EQ(rule.mode, Mode::kObserve) << rule.name;
}

}  // namespace
}  // namespace plimsoll::policy
