// The commands that talk to the engine's Docker API: for hosts without a docker command line.
//
// Exit codes of run and exec are docker's (the process's own, or 125, 126, 127); of the others
// agent/exit_code.h's.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/command.h"
#include "agent/containers/engine_api.h"

namespace plimsoll::agent {

[[nodiscard]] Command run_container_command();
[[nodiscard]] Command exec_command();
[[nodiscard]] Command ps_command();
[[nodiscard]] Command logs_command();
// start, stop, restart, kill, rm, pause, unpause, wait, inspect: all take names.
[[nodiscard]] std::vector<Command> container_commands();
// images, pull, load, import, rmi.
[[nodiscard]] std::vector<Command> image_commands();

inline constexpr const char* kEngineSocket = "/run/plimsoll/plimsoll.sock";
[[nodiscard]] Option socket_option(std::string& socket);

// Says why on standard error.
[[nodiscard]] int complain(std::string_view command, const NoAnswer& why);

// Asks about each name in turn; what fails is said and does not keep the others from their turn.
// Without any, `usage` is said. The exit code.
using ActOnName = std::function<ApiAnswer<>(const EngineApi&, const std::string&)>;
[[nodiscard]] int for_each_name(const char* command, const char* usage, const std::string& socket,
                                const std::vector<std::string>& names, const ActOnName& act);

// 125, or what the words of a refused start mean: 127 (not found), 126 (cannot be executed). Pure.
[[nodiscard]] int run_exit_code(std::string_view message);

// POST images/create for a name; what it says goes to standard error.
[[nodiscard]] ApiAnswer<> pull_image(const EngineApi& api, const std::string& name);
// Lines of progress JSON as text, and the failure that may be among them. `loaded` gets the texts
// of {"stream":...}.
class ProgressText {
 public:
  explicit ProgressText(std::string* loaded = nullptr) : loaded_(loaded) {}
  void feed(std::string_view bytes);
  [[nodiscard]] const std::string& failure() const { return failure_; }

 private:
  void line(std::string_view text);

  std::string* loaded_;
  std::string rest_;
  std::string last_;
  std::string failure_;
};

}  // namespace plimsoll::agent
