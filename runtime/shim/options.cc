#include "runtime/shim/options.h"

#include <string_view>

#include "base/number.h"

namespace plimsoll::shim {
namespace {

template <class T>
Result<T> number(std::string_view flag, std::string_view text) {
  const auto value = to_number<T>(text);
  if (!value)
    return invalid_input("plimsoll-shim", std::string(flag) + ": no number: " + std::string(text));
  return *value;
}

Result<> put(Options& options, std::string_view flag, const char* text) {
  if (flag == "--dir") {
    options.dir = text;
  } else if (flag == "--pid-file") {
    options.pid_file = text;
  } else if (flag == "--cgroups") {
    options.cgroups = text;
  } else if (flag == "--log") {
    options.log = text;
  } else if (flag == "--log-max-size") {
    options.log_limits.max_bytes = PLIMSOLL_TRY(number<std::uint64_t>(flag, text));
  } else if (flag == "--log-max-files") {
    options.log_limits.max_files = PLIMSOLL_TRY(number<unsigned>(flag, text));
    if (options.log_limits.max_files == 0 || options.log_limits.max_files > 1000)
      return invalid_input("plimsoll-shim", "--log-max-files: 1 to 1000");
  } else if (flag == "--ready-fd") {
    const int fd = PLIMSOLL_TRY(number<int>(flag, text));
    if (fd < 3) return invalid_input("plimsoll-shim", "--ready-fd: 3 or more");
    options.ready_fd = fd;
  } else {
    return invalid_input("plimsoll-shim", "unknown option " + std::string(flag));
  }
  return {};
}

}  // namespace

Result<Options> parse_options(std::span<char* const> argv) {
  Options options;
  std::size_t at = 1;
  for (; at < argv.size() && std::string_view(argv[at]) != "--"; ++at) {
    const std::string_view flag = argv[at];
    if (flag == "--terminal") {
      options.terminal = true;
    } else if (flag == "--stdin") {
      options.stdin_open = true;
    } else if (flag == "--hold") {
      options.hold = true;
    } else if (at + 1 == argv.size()) {
      return invalid_input("plimsoll-shim", std::string(flag) + ": a value is missing");
    } else {
      PLIMSOLL_TRY(put(options, flag, argv[++at]));
    }
  }
  if (at + 1 < argv.size()) options.command = argv.subspan(at + 1);
  if (options.dir.empty()) return invalid_input("plimsoll-shim", "--dir is missing");
  if (options.pid_file.empty()) return invalid_input("plimsoll-shim", "--pid-file is missing");
  if (options.command.empty())
    return invalid_input("plimsoll-shim", "there is no command after --");
  return options;
}

}  // namespace plimsoll::shim
