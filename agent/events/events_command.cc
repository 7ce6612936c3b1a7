#include "agent/events/events_command.h"

#include <unistd.h>

#include <chrono>
#include <memory>

#include "agent/complain.h"
#include "agent/events/event_lines.h"
#include "agent/exit_code.h"
#include "agent/terminal.h"
#include "http/client.h"

namespace plimsoll::agent {

namespace {

int failed(const Error& error, const std::string& socket) {
  complain("events", describe(error));
  if (error.kind != ErrorKind::kNotOffered) return exit_code_of(error.kind);
  complain("events",
           "no engine listens on " + socket + ": start 'plimsoll engine', or give --socket");
  return kExitUnreachable;
}

// Prints text; false when the reader went away.
bool print(const std::string& text, int& code) {
  const Result<bool> written = write_all(STDOUT_FILENO, text);
  if (!written) {
    complain("events", written.error().message());
    code = kExitFailure;
  }
  return written && *written;
}

int ask_once(const EventsFlags& flags, const std::string& target) {
  const auto answer = http::get("unix:" + flags.socket, target);
  if (!answer) return failed(answer.error(), flags.socket);
  if (answer->status == 404) {
    complain("events", "no event " + flags.report.value_or("") + " is kept");
    return kExitNotFound;
  }
  if (answer->status != 200) {
    complain("events",
             "the engine answered " + std::to_string(answer->status) + ": " + answer->body);
    return answer->status == 403 ? kExitDenied : kExitFailure;
  }
  int code = kExitOk;
  if (flags.report) {
    (void)print(flags.json ? answer->body + "\n" : answer->body, code);
    return code;
  }
  const auto lines = event_lines(answer->body, flags);
  if (!lines) return failed(lines.error(), flags.socket);
  (void)print(*lines, code);
  return code;
}

int follow(const EventsFlags& flags, const std::string& target) {
  int code = kExitOk;
  std::string text;  // Received, not yet a whole line.
  const auto each = [&](std::string_view data) {
    text += data;
    std::size_t begin = 0;
    for (std::size_t end = text.find('\n'); end != std::string::npos;
         end = text.find('\n', begin)) {
      const auto line = event_line(std::string_view(text).substr(begin, end - begin), flags);
      begin = end + 1;
      if (!line) {
        complain("events", describe(line.error()));
        code = kExitFailure;
        return false;
      }
      if (!line->empty() && !print(*line, code)) return false;
    }
    text.erase(0, begin);
    return true;
  };
  // The engine says something every half minute, if only that there is nothing.
  http::ClientOptions options;
  options.timeout = std::chrono::seconds(90);
  const auto result = http::stream("unix:" + flags.socket, target, each, options);
  if (!result) return failed(result.error(), flags.socket);
  return code;
}

constexpr const char* kDetails =
    R"(Kinds: oom oom_kill memory_high memory_max near_limit cpu_throttled pids_limit io_stall memory_stall cpu_stall

Examples:
  plimsoll events                                what is kept
  plimsoll events --follow web                   what comes, of one container
  plimsoll events --kind oom,oom_kill --since -1h
  plimsoll events --follow --since 41 --json     go on behind event 41
  plimsoll events --report 17                    all that is known of an OOM kill
)";

}  // namespace

Command events_command() {
  const auto flags = std::make_shared<EventsFlags>();
  Command command;
  command.name = "events";
  command.summary = "Limits that were met: OOM kills, throttling, refused forks, stalls";
  command.details = kDetails;
  command.options = {
      {"REF", &flags->references, "Name, id or its beginning, or cgroup:/path", {}},
      {"--socket", &flags->socket, "The engine's socket", "PATH"},
      {"-f,--follow", &flags->follow, "Wait for more", {}},
      {"--kind", &flags->kinds, "Only these", "KIND[,KIND]"},
      {"--since", &flags->since, "After this id, age (-5m) or time", "WHEN"},
      {"--report", &flags->report, "The report of one event", "ID"},
      {"--json", &flags->json, "One JSON object a line", {}},
  };
  command.run = [flags]() -> int {
    const Result<std::string> target = events_target(*flags);
    if (!target) {
      complain("events", describe(target.error()));
      return exit_code_of(target.error().kind);
    }
    exit_on_interrupt();
    return flags->follow && !flags->report ? follow(*flags, *target) : ask_once(*flags, *target);
  };
  return command;
}

}  // namespace plimsoll::agent
