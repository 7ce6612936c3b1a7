// For tests: rules from text, containers from a few words.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "control/policy/decode.h"
#include "control/policy/window.h"
#include "inventory/identity.h"

namespace plimsoll::policy {

inline std::vector<std::string> texts_of(const std::vector<Problem>& problems) {
  std::vector<std::string> texts;
  texts.reserve(problems.size());
  for (const Problem& problem : problems) texts.push_back(to_text(problem));
  return texts;
}

inline std::vector<Rule> rules_of(std::string_view text, const std::string& file = "a.yaml") {
  Decoded decoded = decode(file, text);
  EXPECT_TRUE(decoded.problems.empty()) << testing::PrintToString(texts_of(decoded.problems));
  return std::move(decoded.rules);
}

inline inventory::Identity container(const std::string& name, const std::string& image = "") {
  inventory::Identity identity;
  identity.runtime = inventory::Runtime::kDocker;
  identity.cgroup = "/docker/" + name;
  identity.name = identity.display = name;
  identity.image = image;
  return identity;
}

inline WallTime at(std::string_view text) {
  const auto time = parse_rfc3339(text);
  EXPECT_TRUE(time) << text;
  return time.value_or(WallTime());
}

// Offsets in minutes, each from an instant on.
class FakeZone final : public Zone {
 public:
  explicit FakeZone(std::map<std::string, int> changes = {}) {
    for (const auto& [instant, minutes] : changes)
      offsets_[std::chrono::floor<std::chrono::seconds>(at(instant))] =
          std::chrono::minutes(minutes);
  }
  [[nodiscard]] std::chrono::seconds offset_at(std::chrono::sys_seconds instant) const override {
    const auto next = offsets_.upper_bound(instant);
    return next == offsets_.begin() ? std::chrono::seconds(0) : std::prev(next)->second;
  }

 private:
  std::map<std::chrono::sys_seconds, std::chrono::seconds> offsets_;
};

}  // namespace plimsoll::policy
