#include <algorithm>

#include "agent/doctor/facts.h"
#include "http/client.h"

namespace plimsoll::agent {

namespace {

// One of ours that wants to know who asks before it says how it is.
bool is_guarded(const http::ClientResponse& answer) {
  return answer.status == 401 && std::ranges::any_of(answer.headers, [](const auto& header) {
           return header.first == "server" && header.second == "plimsoll";
         });
}

}  // namespace

HostFacts with_exporter(HostFacts facts, const std::string& endpoint) {
  constexpr std::chrono::milliseconds kPatience(2000);
  facts.exporter_address = endpoint;
  const auto answer = http::get(endpoint, "/healthz", {.timeout = kPatience});
  if (!answer) {
    facts.exporter = answer.error().kind == ErrorKind::kNotOffered ? ExporterState::kAbsent
                                                                   : ExporterState::kStranger;
    if (facts.exporter == ExporterState::kStranger) facts.exporter_says = answer.error().message();
  } else if (is_guarded(*answer) || (answer->status == 200 && answer->body.starts_with("ok"))) {
    facts.exporter = ExporterState::kHealthy;
  } else {
    facts.exporter = answer->status == 503 ? ExporterState::kUnhealthy : ExporterState::kStranger;
    facts.exporter_says = answer->body.substr(0, answer->body.find('\n'));
  }
  return facts;
}

}  // namespace plimsoll::agent
