// What a request to cAdvisor's REST API asks for. Pure decoders; nothing here knows a container.
//
// Errors carry cAdvisor's own texts: people's scripts look for them. The kind says which status
// they deserve (kInvalidInput 400, kNotOffered 404).
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "exporter/cadvisor/api_compat.h"
#include "exporter/collect/event_log.h"
#include "exporter/stream/select.h"

namespace plimsoll::exporter {

enum class ApiVersion : std::uint8_t { kV1_0, kV1_1, kV1_2, kV1_3, kV2_0, kV2_1 };

enum class ApiEndpoint : std::uint8_t {
  kContainers,
  kMachine,
  kSubcontainers,
  kDocker,
  kEvents,
  kVersion,
  kAttributes,
  kSummary,
  kStats,
  kSpec,
  kStorage,
  kPs,
  kAppMetrics,
  kMachineStats
};

struct ApiPath {
  std::optional<ApiVersion> version;    // Nothing: "/api/", which lists the versions.
  std::optional<ApiEndpoint> endpoint;  // Nothing: "/api/v1.3/", which lists the request types.
  std::vector<std::string> arguments;

  // "/docker/abc"; "/" when there are no arguments. No doubled and no trailing slash.
  [[nodiscard]] std::string container() const;
};
[[nodiscard]] Result<ApiPath> parse_api_path(std::string_view path);

// "Supported API versions: ..." and "Supported request types: ...", which answer an incomplete
// path.
[[nodiscard]] std::string list_versions();
[[nodiscard]] std::string list_endpoints(ApiVersion version);

// The body of a v1 request: {"num_stats":60,"start":"...","end":"..."}.
struct ApiInfoRequest {
  std::optional<std::size_t> num_stats = 60;  // The newest; nothing: all.
  std::optional<WallTime> start, end;         // Inclusive.
};
// No body and `null` (which Go's client sends for a nil request) ask for the defaults; Go's zero
// time is no time.
[[nodiscard]] Result<ApiInfoRequest> parse_info_request(std::string_view body);

enum class ApiIdType : std::uint8_t { kName, kDocker, kPodman };

// The query of a v2 request.
struct ApiOptions {
  ApiIdType type = ApiIdType::kName;
  std::optional<std::size_t> count = 64;  // The newest; nothing: all.
  bool recursive = false;
  std::optional<std::chrono::nanoseconds> max_age;
};
[[nodiscard]] Result<ApiOptions> parse_options(Parameters query);

struct ApiEventRequest {
  EventQuery query;  // Without `matches`: container and subcontainers are here.
  std::string container;
  bool subcontainers = false;
  bool stream = false;

  [[nodiscard]] bool concerns(const Event& event) const;
};
// cAdvisor takes a value that it cannot read for none; we say what is wrong unless `compat` is
// strict.
[[nodiscard]] Result<ApiEventRequest> parse_event_request(std::string container, Parameters query,
                                                          ApiCompat compat);

}  // namespace plimsoll::exporter
