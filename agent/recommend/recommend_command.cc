#include "agent/recommend/recommend_command.h"

#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/complain.h"
#include "agent/exit_code.h"
#include "agent/percent_encode.h"
#include "agent/stats/remote.h"
#include "agent/terminal.h"
#include "base/go_duration.h"
#include "control/advice/advise.h"
#include "http/client.h"

namespace plimsoll::agent {

namespace {

struct RecommendFlags {
  std::vector<std::string> references;
  std::string exporter = "127.0.0.1:7546";
  std::string history = "24h";
  std::optional<std::string> min_seen;
  bool json = false;
  RemoteFlags remote;
};

int failed(const Error& error, const RecommendFlags& flags) {
  complain("recommend", describe(error));
  if (error.kind != ErrorKind::kNotOffered) return exit_code_of(error.kind);
  complain("recommend", "no exporter to be had at " + flags.exporter +
                            ": start 'plimsoll exporter' there, or give --exporter");
  return kExitUnreachable;
}

struct Seen {
  std::vector<control::Observation> all;
  control::Host host;
};

Result<Seen> look(const RecommendFlags& flags, const Remote& remote) {
  const auto get = [&](const std::string& target) -> Result<std::string> {
    http::ClientResponse answer = PLIMSOLL_TRY(http::get(remote.endpoint, target, remote.client));
    if (answer.status == 200) return std::move(answer.body);
    if (answer.status == 401 || answer.status == 403)
      return failure(ErrorKind::kDenied, "get", flags.exporter + target);
    return failure(ErrorKind::kRejected, "get",
                   flags.exporter + target + " answered " + std::to_string(answer.status) + ": " +
                       answer.body.substr(0, 200));
  };
  const control::Overview overview =
      PLIMSOLL_TRY(control::parse_overview(PLIMSOLL_TRY(get("/api/v1/containers"))));
  Seen seen{.host = overview.host};
  const auto& ids = flags.references.empty() ? overview.ids : flags.references;
  for (const std::string& id : ids) {
    const auto text = get("/api/v1/containers/" + percent_encoded(id) +
                          "?history=" + percent_encoded(flags.history));
    // One that ended since the list was made is no failure; one that was asked for is.
    if (!text && flags.references.empty() && text.error().kind == ErrorKind::kRejected) continue;
    if (!text) return std::unexpected(text.error());
    seen.all.push_back(PLIMSOLL_TRY(control::parse_observation(*text)));
  }
  return seen;
}

int recommend(const RecommendFlags& flags, const control::AdviceOptions& options) {
  const Result<Remote> remote =
      parse_remote(flags.exporter, flags.remote, std::getenv("PLIMSOLL_PASSWORD"));
  if (!remote) return failed(remote.error(), flags);
  const Result<Seen> seen = look(flags, *remote);
  if (!seen) return failed(seen.error(), flags);
  std::vector<control::Advice> advice;
  advice.reserve(seen->all.size());
  for (const control::Observation& each : seen->all)
    advice.push_back(control::advise(each, options));
  const control::Headroom room = control::headroom_of(seen->all, seen->host);
  std::string text;
  if (flags.json) {
    text = control::to_json(advice, room) + "\n";
  } else {
    for (const control::Advice& each : advice) text += control::to_text(each);
    if (advice.empty()) text += "no containers\n";
    if (flags.references.empty()) text += control::to_text(room);
  }
  const Result<bool> written = write_all(STDOUT_FILENO, text);
  if (written) return kExitOk;
  complain("recommend", written.error().message());
  return kExitFailure;
}

constexpr const char* kDetails =
    R"(The exporter's history is what it has seen: five minutes by default; 'plimsoll exporter --history 24h' keeps a day.
How it is reckoned: docs/events.md. Nothing is changed; 'plimsoll limit set' does that.

Examples:
  plimsoll recommend                        every container, and the host
  plimsoll recommend web --json
  plimsoll recommend --exporter https://host:7546 --user me
)";

}  // namespace

Command recommend_command() {
  const auto flags = std::make_shared<RecommendFlags>();
  Command command;
  command.name = "recommend";
  command.summary = "Limits that would fit what containers do, with reasons";
  command.details = kDetails;
  command.options = {
      {"REF", &flags->references, "Name, id or its beginning; none: all", {}},
      {"--exporter", &flags->exporter, "Ask this exporter; https:// before it is TLS", "ADDR:PORT"},
      {"--history", &flags->history, "How far to look back (default 24h)", "DURATION"},
      {"--min-seen", &flags->min_seen, "Say nothing on less (default 4m)", "DURATION"},
      {"--json", &flags->json, "One JSON object", {}},
      {"--user", &flags->remote.user, "As this user; the password is PLIMSOLL_PASSWORD or", "NAME"},
      {"--password-file", &flags->remote.password_file, "the first line of this file", "FILE"},
      {"--ca-file", &flags->remote.ca_file, "Who may vouch for https (default: the system's)",
       "PEM"},
      {"--cert-file", &flags->remote.cert_file, "Our certificate for https", "PEM"},
      {"--key-file", &flags->remote.key_file, "Its key", "PEM"},
      {"--insecure", &flags->remote.insecure, "Take any certificate", {}},
  };
  command.run = [flags]() -> int {
    control::AdviceOptions options;
    if (flags->min_seen) {
      const auto least = parse_go_duration(*flags->min_seen);
      if (!least || *least < std::chrono::nanoseconds(0)) {
        complain("recommend", "--min-seen: " + *flags->min_seen + ": give a duration, such as 10m");
        return kExitUsage;
      }
      options.min_seen = *least;
    }
    const auto history = parse_go_duration(flags->history);
    if (!history || *history <= std::chrono::nanoseconds(0)) {
      complain("recommend", "--history: " + flags->history + ": give a duration, such as 24h");
      return kExitUsage;
    }
    exit_on_interrupt();
    return recommend(*flags, options);
  };
  return command;
}

}  // namespace plimsoll::agent
