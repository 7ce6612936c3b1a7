#include "runtime/oci/arguments.h"

#include <gtest/gtest.h>

#include <array>

namespace plimsoll::oci {
namespace {

constexpr std::array kOptions{Option{"bundle", "b", true, ""}, Option{"force", "f", false, ""},
                              Option{"env", "e", true, ""}};

Result<Arguments> parse(std::vector<std::string> words, Order order = Order::kAnywhere) {
  std::vector<char*> pointers;
  pointers.reserve(words.size());
  for (std::string& word : words) pointers.push_back(word.data());
  return Arguments::parse(pointers, kOptions, order);
}

TEST(Arguments, EveryWayToWriteAnOption) {
  for (const auto& words : std::vector<std::vector<std::string>>{{"--bundle", "/b", "id"},
                                                                 {"-bundle=/b", "id"},
                                                                 {"-b", "/b", "id"},
                                                                 {"id", "--bundle=/b"}}) {
    const Result<Arguments> arguments = parse(words);
    ASSERT_TRUE(arguments);
    EXPECT_EQ(arguments->value("bundle"), "/b");
    EXPECT_EQ(arguments->rest(), std::vector<std::string>{"id"});
  }
}

TEST(Arguments, WhatFollowsACommandIsItsOwn) {
  const Result<Arguments> arguments =
      parse({"-e", "A=1", "-e", "B=2", "id", "sh", "-c", "--force"}, Order::kFirst);
  ASSERT_TRUE(arguments);
  EXPECT_EQ(arguments->values("env"), (std::vector<std::string>{"A=1", "B=2"}));
  EXPECT_FALSE(arguments->has("force"));
  EXPECT_EQ(arguments->rest(), (std::vector<std::string>{"id", "sh", "-c", "--force"}));
}

TEST(Arguments, UnknownAndUnfinishedOptionsAreRefused) {
  EXPECT_EQ(parse({"--nope"}).error().subject, "flag provided but not defined: -nope");
  EXPECT_EQ(parse({"--bundle"}).error().subject, "flag needs an argument: -bundle");
}

TEST(Arguments, NumbersAreWhole) {
  EXPECT_EQ(parse({"-b", "12"})->number("bundle").value(), 12);
  EXPECT_FALSE(parse({"-b", "12x"})->number("bundle"));
  EXPECT_EQ(parse({})->number("bundle").value(), std::nullopt);
}

TEST(Arguments, AFlagMayBeDenied) {
  EXPECT_FALSE(parse({"--force=false"})->has("force"));
  EXPECT_TRUE(parse({"--force=true"})->has("force"));
}

}  // namespace
}  // namespace plimsoll::oci
