#include "runtime/docker/router.h"

#include <algorithm>

#include "base/error.h"

namespace plimsoll::docker {

std::optional<Method> method_named(std::string_view name) {
  if (name == "GET") return Method::kGet;
  if (name == "HEAD") return Method::kHead;
  if (name == "POST") return Method::kPost;
  if (name == "PUT") return Method::kPut;
  if (name == "DELETE") return Method::kDelete;
  return std::nullopt;
}

void Router::add(Method method, std::string_view pattern, std::size_t target) {
  Route route{method, std::string(pattern), std::string(pattern), {}, false, target};
  if (const std::size_t open = pattern.find('{'); open != std::string_view::npos) {
    const std::size_t close = pattern.find('}', open);
    PLIMSOLL_CHECK(close != std::string_view::npos);
    route.prefix = pattern.substr(0, open);
    route.suffix = pattern.substr(close + 1);
    route.has_parameter = true;
  }
  const auto literal = [](const Route& one) {
    return 2 * (one.prefix.size() + one.suffix.size()) + (one.has_parameter ? 0 : 1);
  };
  const auto place = std::ranges::find_if(
      routes_, [&](const Route& other) { return literal(other) < literal(route); });
  routes_.insert(place, std::move(route));
}

std::optional<Router::Match> Router::match(Method method, std::string_view path) const {
  for (const Route& route : routes_) {
    if (route.method != method) continue;
    if (!route.has_parameter) {
      if (path == route.prefix) return Match{route.target, {}, &route.pattern};
      continue;
    }
    // At least one byte for the parameter.
    if (path.size() <= route.prefix.size() + route.suffix.size()) continue;
    if (!path.starts_with(route.prefix) || !path.ends_with(route.suffix)) continue;
    return Match{
        route.target,
        path.substr(route.prefix.size(), path.size() - route.prefix.size() - route.suffix.size()),
        &route.pattern};
  }
  return std::nullopt;
}

}  // namespace plimsoll::docker
