// The table of flags as options of a command, and what was typed for them.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "agent/command.h"
#include "agent/limit/request.h"

namespace plimsoll::agent {

// One for each subcommand; it must not move once it has handed out options.
class TypedFlags {
 public:
  enum class Form : std::uint8_t {
    kValues,  // "--memory 64M", "--freeze[=off]": what set and plan take.
    kNames    // "--memory", "--io-rbps[=8:0]": what unset and restore take.
  };
  explicit TypedFlags(Form form);
  TypedFlags(const TypedFlags&) = delete;
  TypedFlags& operator=(const TypedFlags&) = delete;

  void add_to(std::vector<Option>& options);
  // In the order of the table.
  [[nodiscard]] std::vector<TypedFlag> typed() const;

 private:
  struct Slot {
    const LimitFlag* flag = nullptr;
    bool named = false;
    std::optional<std::string> one;
    std::vector<std::string> many;
    OptionalValue maybe;
  };
  [[nodiscard]] Option option_of(Slot& slot) const;

  Form form_;
  std::deque<Slot> slots_;  // Addresses stay.
};

}  // namespace plimsoll::agent
