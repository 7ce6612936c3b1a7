// One request to the API, decoded.
#pragma once

#include <optional>
#include <string>

#include "exporter/cadvisor/api.h"
#include "exporter/cadvisor/request.h"
#include "http/server.h"

namespace plimsoll::exporter {

struct CadvisorApi::Call {
  ApiPath path;
  ApiInfoRequest info;                    // v1
  ApiOptions options;                     // v2
  std::optional<ApiEventRequest> events;  // The request is about events.
  std::string storage_label, storage_uuid;
  bool validates = false;
  std::optional<http::Responder> responder;

  [[nodiscard]] static Result<Call> parse(ApiPath path, const http::Request& request,
                                          ApiCompat compat);
};

}  // namespace plimsoll::exporter
