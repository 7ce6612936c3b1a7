#include "runtime/seccomp/assembler.h"

#include <linux/seccomp.h>

#include <cstddef>
#include <span>

#include "base/error.h"

namespace plimsoll::seccomp {

namespace {

using spec::SeccompArgument;
using spec::SeccompOperator;

constexpr std::size_t kFarthest = 255;  // Of a conditional jump.

void append(Code& code, unsigned operation, std::uint32_t value, std::size_t if_true = 0,
            std::size_t if_false = 0) {
  PLIMSOLL_CHECK(if_true <= kFarthest && if_false <= kFarthest);
  code.push_back({static_cast<__u16>(operation), static_cast<__u8>(if_true),
                  static_cast<__u8>(if_false), value});
}
void append(Code& code, const Code& more) {
  code.insert(code.end(), more.begin(), more.end());
}

constexpr unsigned kJumpIfEqual = BPF_JMP | BPF_JEQ | BPF_K;
constexpr unsigned kJumpIfGreater = BPF_JMP | BPF_JGT | BPF_K;
constexpr unsigned kJumpIfNotLess = BPF_JMP | BPF_JGE | BPF_K;
constexpr unsigned kAnd = BPF_ALU | BPF_AND | BPF_K;

// Skips `body` when the loaded word is not less than `value`.
void append_skip(Code& code, std::uint32_t value, const Code& body) {
  if (body.size() <= kFarthest) {
    append(code, kJumpIfNotLess, value, body.size(), 0);
  } else {
    append(code, kJumpIfNotLess, value, 0, 1);
    append(code, BPF_JMP | BPF_JA, static_cast<std::uint32_t>(body.size()));
  }
  append(code, body);
}

// seccomp_data holds arguments in the machine's order; all of ours are little-endian.
std::uint32_t low_word(std::uint32_t argument) {
  return static_cast<std::uint32_t>(offsetof(seccomp_data, args) + argument * sizeof(__u64));
}
std::uint32_t high_word(std::uint32_t argument) {
  return low_word(argument) + 4;
}

std::uint32_t low(std::uint64_t value) {
  return static_cast<std::uint32_t>(value);
}
std::uint32_t high(std::uint64_t value) {
  return static_cast<std::uint32_t>(value >> 32);
}

// Equality under a mask. On 32 bits only the low words count: a -1 that an author wrote as 64 bits
// is that architecture's -1.
void append_equal(Code& code, std::uint32_t index, std::uint64_t mask, std::uint64_t value,
                  const Code& then, bool has_64_bits) {
  Code low_part;
  append_load(low_part, low_word(index));
  if (low(mask) != UINT32_MAX) append(low_part, kAnd, low(mask));
  append(low_part, kJumpIfEqual, low(value), 0, then.size());
  append(low_part, then);
  if (has_64_bits) {
    append_load(code, high_word(index));
    if (high(mask) != UINT32_MAX) append(code, kAnd, high(mask));
    append(code, kJumpIfEqual, high(value), 0, low_part.size());
  }
  append(code, low_part);
}

void append_not_equal(Code& code, std::uint32_t index, std::uint64_t value, const Code& then,
                      bool has_64_bits) {
  if (has_64_bits) {
    append_load(code, high_word(index));
    append(code, kJumpIfEqual, high(value), 0, 2);  // Different already: to `then`.
  }
  append_load(code, low_word(index));
  append(code, kJumpIfEqual, low(value), then.size(), 0);
  append(code, then);
}

// argument > value (`operation` says jgt), or >= (jge). On 32 bits a larger value is above all.
void append_above(Code& code, const SeccompArgument& argument, unsigned operation, const Code& then,
                  bool has_64_bits) {
  const std::uint64_t value = argument.value;
  if (has_64_bits) {
    append_load(code, high_word(argument.index));
    append(code, kJumpIfGreater, high(value), 3, 0);
    append(code, kJumpIfEqual, high(value), 0, 2 + then.size());
  } else if (high(value) != 0) {
    return;
  }
  append_load(code, low_word(argument.index));
  append(code, operation, low(value), 0, then.size());
  append(code, then);
}

// Not above: argument <= value (jgt), or < (jge).
void append_not_above(Code& code, const SeccompArgument& argument, unsigned operation,
                      const Code& then, bool has_64_bits) {
  const std::uint64_t value = argument.value;
  if (has_64_bits) {
    append_load(code, high_word(argument.index));
    append(code, kJumpIfGreater, high(value), 3 + then.size(), 0);
    append(code, kJumpIfEqual, high(value), 0, 2);
  }
  if (has_64_bits || high(value) == 0) {
    append_load(code, low_word(argument.index));
    append(code, operation, low(value), then.size(), 0);
  }
  append(code, then);
}

// `then` runs if the condition holds, and ends in a return; else what comes after it.
Code guarded(const SeccompArgument& argument, const Code& then, bool has_64_bits) {
  Code code;
  const std::uint32_t index = argument.index;
  const std::uint64_t value = argument.value;
  switch (argument.op) {
    case SeccompOperator::kEqual:
      append_equal(code, index, UINT64_MAX, value, then, has_64_bits);
      break;
    case SeccompOperator::kMaskedEqual:
      append_equal(code, index, value, argument.value_two & value, then, has_64_bits);
      break;
    case SeccompOperator::kNotEqual:
      append_not_equal(code, index, value, then, has_64_bits);
      break;
    case SeccompOperator::kGreater:
      append_above(code, argument, kJumpIfGreater, then, has_64_bits);
      break;
    case SeccompOperator::kGreaterOrEqual:
      append_above(code, argument, kJumpIfNotLess, then, has_64_bits);
      break;
    case SeccompOperator::kLessOrEqual:
      append_not_above(code, argument, kJumpIfGreater, then, has_64_bits);
      break;
    case SeccompOperator::kLess:
      append_not_above(code, argument, kJumpIfNotLess, then, has_64_bits);
      break;
  }
  return code;
}

Code write_decision(const Decision& decision) {
  Code code;
  for (const Branch& branch : decision.branches) {
    Code body;
    append_return(body, branch.result);
    for (auto next = branch.conditions.rbegin(); next != branch.conditions.rend(); ++next)
      body = guarded(*next, body, decision.has_64_bits);
    append(code, body);
  }
  append_return(code, decision.otherwise);
  return code;
}

Code write_tree(std::span<const Range> ranges) {
  if (ranges.size() == 1) return write_decision(ranges.front().decision);
  const std::size_t middle = ranges.size() / 2;
  Code code;
  append_skip(code, ranges[middle].first, write_tree(ranges.first(middle)));
  append(code, write_tree(ranges.subspan(middle)));
  return code;
}

}  // namespace

void append_load(Code& code, std::uint32_t offset) {
  append(code, BPF_LD | BPF_W | BPF_ABS, offset);
}

void append_return(Code& code, std::uint32_t value) {
  append(code, BPF_RET | BPF_K, value);
}

Code write_ranges(const std::vector<Range>& ranges) {
  return write_tree(ranges);
}

void append_section(Code& code, std::uint32_t token, const Code& body) {
  Code section;
  append_load(section, offsetof(seccomp_data, nr));
  append(section, body);
  append(code, kJumpIfEqual, token, 1, 0);
  append(code, BPF_JMP | BPF_JA, static_cast<std::uint32_t>(section.size()));
  append(code, section);
}

}  // namespace plimsoll::seccomp
