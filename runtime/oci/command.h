// One command of plimsoll-oci: its options and what it does.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "runtime/lifecycle/container.h"
#include "runtime/oci/arguments.h"
#include "runtime/oci/log.h"

namespace plimsoll::oci {

struct Context {
  std::optional<runtime::Host> store;  // For commands that need it.
  [[nodiscard]] const runtime::Host& host() const { return *store; }
  const Log* log = nullptr;
};

struct Command {
  std::string_view name;
  std::string_view arguments;  // "<container-id>"
  std::string_view help;
  std::span<const Option> options;
  Order order = Order::kAnywhere;
  std::size_t least = 0;  // Arguments.
  std::size_t most = 0;
  bool launches = false;   // Starts something that could look back at us.
  bool needs_host = true;  // The state directory.
  Result<int> (*run)(Context& context, const Arguments& arguments) = nullptr;
};

[[nodiscard]] std::span<const Command> commands();

// The commands, by what they are about.
Result<int> run_create(Context& context, const Arguments& arguments);
Result<int> run_run(Context& context, const Arguments& arguments);
Result<int> run_exec(Context& context, const Arguments& arguments);
Result<int> run_start(Context& context, const Arguments& arguments);
Result<int> run_kill(Context& context, const Arguments& arguments);
Result<int> run_delete(Context& context, const Arguments& arguments);
Result<int> run_state(Context& context, const Arguments& arguments);
Result<int> run_list(Context& context, const Arguments& arguments);
Result<int> run_ps(Context& context, const Arguments& arguments);
Result<int> run_pause(Context& context, const Arguments& arguments);
Result<int> run_resume(Context& context, const Arguments& arguments);
Result<int> run_events(Context& context, const Arguments& arguments);
Result<int> run_update(Context& context, const Arguments& arguments);
Result<int> run_spec(Context& context, const Arguments& arguments);
Result<int> run_features(Context& context, const Arguments& arguments);

// Everything to the standard output.
void print(std::string_view text);
[[nodiscard]] Result<std::string> absolute(const std::string& path);

}  // namespace plimsoll::oci
