#include "exporter/web/json_error.h"

#include <string>
#include <utility>

#include "exporter/stream/json.h"

namespace plimsoll::exporter {

int status_of(const Error& error) {
  switch (error.kind) {
    case ErrorKind::kInvalidInput:
      return 400;
    case ErrorKind::kNotOffered:
    case ErrorKind::kGone:
      return 404;
    default:
      return 500;
  }
}

http::Response json_error(const Error& error) {
  std::string body = "{\"message\":";
  append_json_string(body, error.subject);
  body += "}\n";
  return http::Response::json(status_of(error), std::move(body));
}

}  // namespace plimsoll::exporter
