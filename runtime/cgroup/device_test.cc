// Policies of devices, in v1's words and as a program; the program is run by an interpreter here
// and compared with the rules themselves.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "runtime/cgroup/device_policy.h"
#include "runtime/cgroup/device_program.h"

namespace plimsoll::runtime {
namespace {

using Rule = spec::DeviceRule;
using Type = Rule::Type;

Rule rule(bool allow, Type type, std::optional<std::uint32_t> major,
          std::optional<std::uint32_t> minor, const std::string& access) {
  const auto has = [&](char letter) { return access.find(letter) != std::string::npos; };
  return {allow, type, major, minor, has('r'), has('w'), has('m')};
}

std::string text(const DevicePolicy& policy) {
  std::string out = policy.rest == DevicePolicy::Rest::kDeny ? "deny" : "allow";
  for (const DeviceException& one : policy.exceptions) out += ", " + v1_text(one);
  return out;
}

std::string bare(const std::vector<Rule>& rules) {
  const auto policy = bare_policy_of(rules);
  return policy ? text(*policy) : policy.error().message();
}

TEST(DevicePolicy, TheLastRuleWins) {
  const Rule none = rule(false, Type::kAll, {}, {}, "rwm");
  EXPECT_EQ(bare({}), "deny");
  EXPECT_EQ(bare({none, rule(true, Type::kCharacter, 10, 200, "rw")}), "deny, c 10:200 rw");
  EXPECT_EQ(bare({rule(true, Type::kCharacter, 10, 200, "rw"), none}), "deny");
  EXPECT_EQ(bare({none, rule(true, Type::kCharacter, 10, 200, "rwm"),
                  rule(false, Type::kCharacter, 10, {}, "w")}),
            "deny, c 10:200 rm");
  EXPECT_EQ(bare({rule(true, Type::kAll, {}, {}, "rwm"), rule(false, Type::kBlock, 8, {}, "w")}),
            "allow, b 8:* w");
  EXPECT_EQ(bare({rule(true, Type::kAll, 7, {}, "r")}), "deny, c 7:* r, b 7:* r");
  EXPECT_EQ(bare({rule(true, Type::kBlock, 8, {}, "r"), rule(true, Type::kBlock, 8, 1, "w"),
                  rule(true, Type::kBlock, 8, {}, "m")}),
            "deny, b 8:* rm, b 8:1 rwm");
}

TEST(DevicePolicy, SaysNothingTwice) {
  EXPECT_EQ(bare({rule(true, Type::kBlock, 8, {}, "rw"), rule(true, Type::kBlock, 8, 1, "rw"),
                  rule(true, Type::kBlock, 8, {}, "m"), rule(true, Type::kBlock, 8, 2, "rwm"),
                  rule(true, Type::kBlock, 8, {}, "r")}),
            "deny, b 8:* rwm");
}

TEST(DevicePolicy, AHoleCannotBeHad) {
  const std::string why = bare(
      {rule(true, Type::kCharacter, 10, {}, "rw"), rule(false, Type::kCharacter, 10, 200, "w")});
  EXPECT_NE(why.find("c 10:200 w would leave a hole in the one for c 10:* rw"), std::string::npos)
      << why;
}

TEST(DevicePolicy, EveryContainerHasTheDefaultDevices) {
  const auto policy = policy_of({rule(false, Type::kAll, {}, {}, "rwm")});
  ASSERT_TRUE(policy);
  EXPECT_EQ(text(*policy),
            "deny, c *:* m, b *:* m, c 1:3 rwm, c 1:5 rwm, c 1:7 rwm, c 1:8 rwm, c 1:9 rwm, "
            "c 5:0 rwm, c 5:2 rwm, c 136:* rwm");
  const auto all = policy_of({rule(true, Type::kAll, {}, {}, "rwm")});
  ASSERT_TRUE(all);
  EXPECT_EQ(text(*all), "allow");
}

struct Access {
  std::uint32_t type, access, major, minor;
};

// The few instructions that device_program() writes.
std::uint64_t run(const std::vector<bpf_insn>& program, const Access& asked) {
  std::array<std::uint64_t, 11> reg{};
  const std::array<std::uint32_t, 3> context{asked.access << 16 | asked.type, asked.major,
                                             asked.minor};
  for (std::size_t at = 0; at < program.size(); ++at) {
    const bpf_insn& one = program[at];
    const auto immediate = static_cast<std::uint32_t>(one.imm);
    std::uint64_t& to = reg.at(one.dst_reg);
    const auto to32 = static_cast<std::uint32_t>(to);
    const auto from32 = static_cast<std::uint32_t>(reg.at(one.src_reg));
    const auto jump = [&](bool taken) {
      if (taken) at += static_cast<std::size_t>(one.off);
    };
    switch (one.code) {
      case BPF_LDX | BPF_MEM | BPF_W:
        to = context.at(static_cast<std::size_t>(one.off) / 4);
        break;
      case BPF_ALU | BPF_MOV | BPF_X:
        to = from32;
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        to = to32 & immediate;
        break;
      case BPF_ALU | BPF_RSH | BPF_K:
        to = to32 >> immediate;
        break;
      case BPF_ALU64 | BPF_MOV | BPF_K:
        to = immediate;
        break;
      case BPF_JMP32 | BPF_JNE | BPF_K:
        jump(to32 != immediate);
        break;
      case BPF_JMP32 | BPF_JEQ | BPF_K:
        jump(to32 == immediate);
        break;
      case BPF_JMP32 | BPF_JNE | BPF_X:
        jump(to32 != from32);
        break;
      case BPF_JMP | BPF_EXIT:
        return reg[0];
      default:
        ADD_FAILURE() << "instruction " << int{one.code};
        return 99;
    }
  }
  ADD_FAILURE() << "it never ends";
  return 99;
}

// As the specification has it, bit by bit: the last rule that is about a bit decides on it.
bool allowed(const std::vector<Rule>& rules, const Access& asked) {
  const Type type = asked.type == BPF_DEVCG_DEV_BLOCK ? Type::kBlock : Type::kCharacter;
  std::uint32_t granted = 0;
  for (const Rule& one : rules) {
    if (one.type != Type::kAll && one.type != type) continue;
    if ((one.major && *one.major != asked.major) || (one.minor && *one.minor != asked.minor))
      continue;
    std::uint32_t bits =
        (one.read ? kRead : 0U) | (one.write ? kWrite : 0U) | (one.mknod ? kMknod : 0U);
    if (one.type == Type::kAll && !one.major && !one.minor) bits = kRead | kWrite | kMknod;
    granted = one.allow ? granted | bits : granted & ~bits;
  }
  return (granted & asked.access) == asked.access;
}

TEST(DeviceProgram, DoesWhatTheRulesSay) {
  std::mt19937 random(7);
  const auto upto = [&](std::uint32_t most) {
    return static_cast<std::uint32_t>(random() % (most + 1));
  };
  const auto number = [&]() -> std::optional<std::uint32_t> {
    if (upto(2) == 0) return std::nullopt;
    return upto(3) == 0 ? 0x8000'0000U : upto(2);
  };
  int compared = 0;
  for (int round = 0; round < 3000; ++round) {
    std::vector<Rule> rules;
    for (std::uint32_t i = upto(5); i > 0; --i)
      rules.push_back({upto(2) != 0, static_cast<Type>(upto(2)), number(), number(), upto(1) != 0,
                       upto(1) != 0, upto(1) != 0});
    const auto policy = bare_policy_of(rules);
    if (!policy) continue;
    const std::vector<bpf_insn> program = device_program(*policy);
    for (int i = 0; i < 20; ++i) {
      const Access asked{1 + upto(1), 1 + upto(6), number().value_or(7), number().value_or(7)};
      ASSERT_EQ(run(program, asked) != 0, allowed(rules, asked))
          << text(*policy) << ": " << asked.type << " " << asked.access << " " << asked.major << ":"
          << asked.minor;
      ++compared;
    }
  }
  EXPECT_GT(compared, 10'000);
}

}  // namespace
}  // namespace plimsoll::runtime
