#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>

#include "base/fill_in.h"
#include "base/number.h"
#include "runtime/launch/seal.h"
#include "runtime/oci/command.h"

namespace plimsoll::oci {

namespace {

constexpr const char* kRoot = "/run/plimsoll/oci";

constexpr std::array kGlobalOptions{
    Option{"root", "", true, "directory for the state of containers"},
    Option{"log", "", true, "file for messages (default: standard error)"},
    Option{"log-format", "", true, "\"text\" or \"json\""},
    Option{"debug", "", false, "accepted; messages are the same"},
    Option{"systemd-cgroup", "", false, "systemd makes the cgroups"},
    Option{"rootless", "", true, "accepted; what the kernel allows decides"},
    Option{"criu", "", true, "accepted; there is no checkpointing"},
    Option{"help", "h", false, "this text"},
    Option{"version", "v", false, "the version"},
};

std::string version_text() {
  return fill_in("plimsoll-oci version {}\nspec: 1.3.0\n", PLIMSOLL_VERSION);
}

std::string options_text(std::span<const Option> options) {
  std::string text;
  for (const Option& option : options) {
    std::string names = "--" + std::string(option.name);
    if (!option.short_name.empty()) names += ", -" + std::string(option.short_name);
    if (option.takes_value) names += " value";
    names.resize(std::max<std::size_t>(names.size() + 2, 32), ' ');
    text += "   " + names + std::string(option.help) + "\n";
  }
  return text;
}

std::string help_text() {
  std::string text =
      "plimsoll-oci - runs containers as the OCI runtime specification says\n\n"
      "   plimsoll-oci [global options] command [options] [arguments]\n\n"
      "COMMANDS:\n";
  for (const Command& command : commands()) {
    std::string name(command.name);
    name.resize(12, ' ');
    text += "   " + name + std::string(command.help) + "\n";
  }
  return text + "\nGLOBAL OPTIONS:\n" + options_text(kGlobalOptions);
}

std::string help_text(const Command& command) {
  return fill_in("plimsoll-oci {} - {}\n\n   plimsoll-oci {} [options] {}\n\nOPTIONS:\n{}",
                 command.name, command.help, command.name, command.arguments,
                 options_text(command.options));
}

Result<> check_count(const Command& command, const Arguments& arguments) {
  const std::size_t count = arguments.rest().size();
  if (count >= command.least && count <= command.most) return {};
  const std::string word = command.least == command.most ? "exactly" : "a minimum of";
  return invalid_input("arguments", fill_in("plimsoll-oci: \"{}\" requires {} {} argument(s)",
                                            command.name, word, command.least));
}

// Whatever a caller left open is not the container's.
void close_strangers(const Arguments& arguments) {
  const auto preserved = arguments.number("preserve-fds");
  const auto count = preserved ? preserved->value_or(0) : 0;
  const auto first = static_cast<unsigned>(3 + std::clamp<std::int64_t>(count, 0, 4096));
  ::syscall(SYS_close_range, first, ~0U, 0);
}

Result<int> run_command(const Command& command, const Arguments& global, const Arguments& arguments,
                        const Log& log) {
  PLIMSOLL_TRY(check_count(command, arguments));
  Context context;
  context.log = &log;
  const std::string root = global.has("root") ? global.value("root") : kRoot;
  if (command.needs_host) {
    const std::string path = PLIMSOLL_TRY(absolute(root));
    context.store = PLIMSOLL_TRY(runtime::open_host(path, global.has("systemd-cgroup")
                                                              ? runtime::CgroupManager::kSystemd
                                                              : runtime::CgroupManager::kFiles));
  }
  return command.run(context, arguments);
}

int finish(const Log& log, const Result<int>& result) {
  if (result) return *result;
  log.fatal(words_of(result.error()));
  return 1;
}

int usage_failure(const Error& error) {
  const std::string text = words_of(error) + "\n";
  [[maybe_unused]] const ssize_t n = ::write(2, text.data(), text.size());
  return 1;
}

int run(std::span<char*> words, char** envp) {
  const Result<Arguments> global =
      Arguments::parse(words.subspan(1), kGlobalOptions, Order::kFirst);
  if (!global) return usage_failure(global.error());
  if (global->has("version")) {
    print(version_text());
    return 0;
  }
  if (global->has("help") || global->rest().empty() || global->rest()[0] == "help") {
    print(help_text());
    return 0;
  }
  const std::string& name = global->rest()[0];
  const auto command = std::ranges::find(commands(), name, &Command::name);
  if (command == commands().end()) {
    const std::string text = fill_in("No help topic for '{}'\n", name);
    [[maybe_unused]] const ssize_t n = ::write(2, text.data(), text.size());
    return 3;
  }
  std::vector<Option> options(command->options.begin(), command->options.end());
  options.push_back({"help", "h", false, ""});
  const Result<Arguments> arguments =
      Arguments::parse(words.subspan(1 + global->taken() + 1), options, command->order);
  if (!arguments) return usage_failure(arguments.error());
  if (arguments->has("help")) {
    print(help_text(*command));
    return 0;
  }
  if (command->launches) {
    if (const Result<> sealed = runtime::run_from_sealed_self(words.data(), envp); !sealed)
      return usage_failure(sealed.error());
  }
  close_strangers(*arguments);
  const std::string format = global->value("log-format");
  if (!format.empty() && format != "text" && format != "json")
    return usage_failure(
        invalid_input("arguments", fill_in("invalid log-format: {}", format)).error());
  const Result<Log> log =
      Log::open(global->value("log"), format == "json" ? LogFormat::kJson : LogFormat::kText);
  if (!log) return usage_failure(log.error());
  return finish(*log, run_command(*command, *global, *arguments, *log));
}

}  // namespace

}  // namespace plimsoll::oci

int main(int argc, char** argv, char** envp) {
  // Hooks and engines may close what we write to: an error then, not our end.
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, nullptr);
  return plimsoll::oci::run({argv, static_cast<std::size_t>(argc)}, envp);
}
