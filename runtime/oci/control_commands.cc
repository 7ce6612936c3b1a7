// start, kill, delete, pause, resume, update, state, list, ps: what acts on a container there is.
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <climits>
#include <cstring>

#include "base/fill_in.h"
#include "base/number.h"
#include "base/read_file.h"
#include "base/text.h"
#include "runtime/lifecycle/inner.h"
#include "runtime/oci/command.h"
#include "runtime/spec/decode.h"

namespace plimsoll::oci {

namespace {

// "9", "KILL", "SIGKILL", "kill"; "RTMIN+3".
Result<int> parse_signal(const std::string& text) {
  std::string name;
  for (const char letter : text)
    name += static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  if (const auto number = to_number<int>(name); number && *number >= 0 && *number < NSIG)
    return *number;
  if (name.starts_with("SIG")) name.erase(0, 3);
  if (name.starts_with("RTMIN+")) {
    const auto offset = to_number<int>(std::string_view(name).substr(6));
    if (offset && *offset >= 0 && SIGRTMIN + *offset <= SIGRTMAX) return SIGRTMIN + *offset;
  }
  for (int signal = 1; signal < NSIG; ++signal) {
    const char* const known = ::sigabbrev_np(signal);
    if (known != nullptr && name == known) return signal;
  }
  return invalid_input("arguments", fill_in("unknown signal \"{}\"", text));
}

std::string padded(std::string_view text, std::size_t width) {
  std::string cell(text);
  cell.resize(std::max(width, cell.size()), ' ');
  return cell + "   ";
}

void print_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i)
      text += i + 1 < row.size() ? padded(row[i], widths[i]) : row[i];
    text += '\n';
  }
  print(text);
}

std::string list_json(const std::vector<runtime::View>& views) {
  std::string text = "[";
  for (const runtime::View& view : views) {
    if (text.size() > 1) text += ",";
    text += runtime::state_text(view);
  }
  return text + "]";
}

// The command line, or the name in brackets where there is none (zombies).
std::string command_of(pid_t pid) {
  const std::string directory = "/proc/" + std::to_string(pid);
  const Result<DirFd> process = open_dir(directory.c_str());
  if (!process) return "";
  const Result<std::string> line = read_file_at(*process, "cmdline");
  std::string text = line ? *line : "";
  for (char& letter : text) letter = letter == '\0' ? ' ' : letter;
  if (!text.empty()) return std::string(trim(text));
  const Result<std::string> name = read_file_at(*process, "comm");
  return name ? "[" + std::string(trim(*name)) + "]" : "";
}

std::string uid_of(pid_t pid) {
  const Result<DirFd> process = open_dir(("/proc/" + std::to_string(pid)).c_str());
  const Result<std::string> status =
      process ? read_file_at(*process, "status") : std::unexpected(process.error());
  std::string_view rest = status ? std::string_view(*status) : std::string_view();
  std::string_view line;
  while (next_line(rest, line)) {
    std::string_view word;
    if (line.starts_with("Uid:") && next_word(line, word) && next_word(line, word))
      return std::string(word);
  }
  return "?";
}

}  // namespace

void print(std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(1, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

Result<std::string> absolute(const std::string& path) {
  if (path.starts_with('/')) return path;
  std::array<char, PATH_MAX> here{};
  if (::getcwd(here.data(), here.size()) == nullptr) return os_failure("getcwd", path);
  return path == "." ? std::string(here.data()) : std::string(here.data()) + "/" + path;
}

Result<int> run_start(Context& context, const Arguments& arguments) {
  PLIMSOLL_TRY(runtime::start(context.host(), arguments.rest()[0]));
  return 0;
}

Result<int> run_kill(Context& context, const Arguments& arguments) {
  const int signal =
      PLIMSOLL_TRY(parse_signal(arguments.rest().size() > 1 ? arguments.rest()[1] : "SIGTERM"));
  PLIMSOLL_TRY(runtime::kill(context.host(), arguments.rest()[0], signal,
                             arguments.has("all") ? runtime::Whom::kAll : runtime::Whom::kInit));
  return 0;
}

Result<int> run_delete(Context& context, const Arguments& arguments) {
  PLIMSOLL_TRY(
      runtime::remove(context.host(), arguments.rest()[0],
                      arguments.has("force") ? runtime::Force::kYes : runtime::Force::kNo));
  return 0;
}

Result<int> run_pause(Context& context, const Arguments& arguments) {
  PLIMSOLL_TRY(runtime::pause(context.host(), arguments.rest()[0]));
  return 0;
}

Result<int> run_resume(Context& context, const Arguments& arguments) {
  PLIMSOLL_TRY(runtime::resume(context.host(), arguments.rest()[0]));
  return 0;
}

Result<int> run_state(Context& context, const Arguments& arguments) {
  const runtime::View view = PLIMSOLL_TRY(runtime::look(context.host(), arguments.rest()[0]));
  print(runtime::state_text(view) + "\n");
  return 0;
}

Result<int> run_list(Context& context, const Arguments& arguments) {
  const runtime::Listing listing = PLIMSOLL_TRY(runtime::look_at_all(context.host()));
  for (const Error& error : listing.errors) context.log->warning(words_of(error));
  if (arguments.has("quiet")) {
    for (const runtime::View& view : listing.views) print(view.record.id + "\n");
    return 0;
  }
  const std::string format = arguments.has("format") ? arguments.value("format") : "table";
  if (format == "json") {
    print(list_json(listing.views) + "\n");
    return 0;
  }
  if (format != "table") return invalid_input("arguments", "invalid format option");
  std::vector<std::vector<std::string>> rows{{"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"}};
  for (const runtime::View& view : listing.views) {
    const bool stopped = view.status == runtime::Status::kStopped;
    rows.push_back({view.record.id, std::to_string(stopped ? 0 : view.record.init.pid),
                    runtime::name_of(view.status), view.record.bundle,
                    rfc3339(WallTime(std::chrono::nanoseconds(view.record.created))), "root"});
  }
  print_table(rows);
  return 0;
}

Result<int> run_ps(Context& context, const Arguments& arguments) {
  const std::vector<pid_t> pids =
      PLIMSOLL_TRY(runtime::processes(context.host(), arguments.rest()[0]));
  const std::string format = arguments.has("format") ? arguments.value("format") : "table";
  if (format == "json") {
    std::string text;
    for (const pid_t pid : pids) text += (text.empty() ? "" : ",") + std::to_string(pid);
    print("[" + text + "]\n");
    return 0;
  }
  if (format != "table") return invalid_input("arguments", "invalid format option");
  if (arguments.rest().size() > 1)
    return failure(ErrorKind::kNotOffered, "ps",
                   "options of ps are not offered: no other program "
                   "is run");
  std::vector<std::vector<std::string>> rows{{"UID", "PID", "CMD"}};
  for (const pid_t pid : pids) rows.push_back({uid_of(pid), std::to_string(pid), command_of(pid)});
  print_table(rows);
  return 0;
}

}  // namespace plimsoll::oci
