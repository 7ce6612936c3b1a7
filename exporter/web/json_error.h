// Errors of the JSON API: a status by what went wrong, and {"message":"..."}.
#pragma once

#include "base/error.h"
#include "http/server.h"

namespace plimsoll::exporter {

[[nodiscard]] int status_of(const Error& error);
[[nodiscard]] http::Response json_error(const Error& error);

}  // namespace plimsoll::exporter
