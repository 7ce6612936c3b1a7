#include <unistd.h>

#include <cstdio>
#include <memory>
#include <tuple>

#include "agent/complain.h"
#include "agent/containers/container_commands.h"
#include "agent/containers/frames.h"
#include "agent/exit_code.h"
#include "agent/percent_encode.h"
#include "agent/terminal.h"
#include "base/clock.h"
#include "base/go_duration.h"
#include "base/text.h"

namespace plimsoll::agent {
namespace {

constexpr const char* kName = "logs";

struct Flags {
  std::string socket;
  bool follow = false;
  bool timestamps = false;
  std::string tail = "all";
  std::string since;
  std::string until;
  std::vector<std::string> names;
};

// The API takes seconds since 1970; people say "10m" or a time.
Result<std::string> moment_of(const char* flag, const std::string& text) {
  const auto seconds = [](std::chrono::nanoseconds since_1970) {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(since_1970).count());
  };
  if (text.find_first_not_of("0123456789.") == std::string::npos) return text;
  if (const auto age = parse_go_duration(text))
    return seconds(RealClock().wall().time_since_epoch() - *age);
  if (const auto time = parse_rfc3339(text)) return seconds(time->time_since_epoch());
  return invalid_input(flag,
                       "'" + text + "': give an age (10m), an RFC 3339 time or seconds since 1970");
}

int logs(const Flags& flags) {
  if (flags.names.size() != 1) {
    complain(kName, "name one container");
    return kExitUsage;
  }
  exit_on_interrupt();
  const EngineApi api(flags.socket);
  const std::string container = "/containers/" + percent_encoded(flags.names.front());
  const auto inspected = api.ask({.target = container + "/json"});
  if (!inspected) return complain(kName, inspected.error());
  const bool raw = has_terminal(*inspected);
  bool taken = true;
  FrameReader frames([&](FrameReader::Stream stream, std::string_view bytes) {
    const int fd = stream == FrameReader::Stream::kStderr ? STDERR_FILENO : STDOUT_FILENO;
    taken = taken && write_all(fd, bytes).value_or(false);
  });
  std::string target = container + "/logs?stdout=1&stderr=1&tail=" + percent_encoded(flags.tail);
  if (flags.follow) target += "&follow=1";
  if (flags.timestamps) target += "&timestamps=1";
  for (const auto& [flag, key, text] :
       {std::tuple{"--since", "&since=", &flags.since}, {"--until", "&until=", &flags.until}}) {
    if (text->empty()) continue;
    const auto moment = moment_of(flag, *text);
    if (!moment) return complain(kName, moment.error());
    target += key + *moment;
  }
  bool whole = true;
  const auto followed = api.follow({.target = target}, [&](std::string_view piece) {
    if (raw)
      taken = write_all(STDOUT_FILENO, piece).value_or(false);
    else
      whole = frames.feed(piece);
    return taken && whole;
  });
  if (!followed) return complain(kName, followed.error());
  return whole ? kExitOk
               : complain(kName, NoAnswer{"the engine's stream has no frames", kExitFailure});
}

}  // namespace

Command logs_command() {
  const auto flags = std::make_shared<Flags>();
  Command command;
  command.name = kName;
  command.summary = "What a container wrote to its standard output and error";
  command.options = {{"NAME", &flags->names, "Name, id, or its beginning", "", ""},
                     {"-f,--follow", &flags->follow, "And what it writes from now on", "", ""},
                     {"-t,--timestamps", &flags->timestamps, "When each line was written", "", ""},
                     {"-n,--tail", &flags->tail, "The last lines only", "N", ""},
                     {"--since", &flags->since,
                      "Not before: an age (10m), RFC 3339, seconds since 1970", "TIME", ""},
                     {"--until", &flags->until, "Not after", "TIME", ""},
                     socket_option(flags->socket)};
  command.run = [flags] { return logs(*flags); };
  return command;
}

}  // namespace plimsoll::agent
