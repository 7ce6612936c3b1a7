#include "exporter/web/base_path.h"

namespace plimsoll::exporter {

void BasePathServer::route(std::string pattern, std::vector<std::string> methods,
                           http::Handler handler, http::BodyChooser bodies) {
  if (!base_.empty()) {
    const http::Handler below = [base = base_, handler](const http::Request& request,
                                                        http::Responder responder) {
      http::Request own = request;
      own.path.erase(0, base.size());
      if (own.path.empty()) own.path.push_back('/');
      handler(own, std::move(responder));
    };
    server_.route(base_ + pattern, methods, below, bodies);
    if (pattern == "/") server_.route(base_, methods, below, bodies);
  }
  server_.route(std::move(pattern), std::move(methods), std::move(handler), std::move(bodies));
}

}  // namespace plimsoll::exporter
