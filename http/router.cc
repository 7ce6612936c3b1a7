#include "http/router.h"

#include <algorithm>

namespace plimsoll::http {

namespace {

bool matches(std::string_view pattern, std::string_view path) {
  if (!pattern.ends_with("/*")) return pattern == path;
  return path.starts_with(pattern.substr(0, pattern.size() - 1));  // With its last slash.
}

// An exact pattern beats a prefix as long as itself.
std::size_t rank(std::string_view pattern) {
  return pattern.ends_with("/*") ? 2 * (pattern.size() - 1) : 2 * pattern.size() + 1;
}

bool contains(const std::vector<std::string>& list, std::string_view what) {
  return std::ranges::find(list, what) != list.end();
}

}  // namespace

bool Route::allows(std::string_view method) const {
  return methods.empty() || contains(methods, method) ||
         (method == "HEAD" && contains(methods, "GET"));
}

void Router::add(Route added) {
  const auto place = std::ranges::find_if(
      routes_, [&](const Route& route) { return rank(route.pattern) < rank(added.pattern); });
  routes_.insert(place, std::move(added));
}

Router::Match Router::match(std::string_view method, std::string_view path) const {
  Match match;
  std::vector<std::string> allowed;
  for (const Route& route : routes_) {
    const bool first = match.pattern.empty();
    if (first ? !matches(route.pattern, path) : route.pattern != match.pattern) continue;
    match.pattern = route.pattern;
    if (route.allows(method)) {
      match.route = &route;
      return match;
    }
    for (const std::string& name : route.methods) {
      if (!contains(allowed, name)) allowed.push_back(name);
      if (name == "GET" && !contains(allowed, "HEAD")) allowed.push_back("HEAD");
    }
  }
  for (const std::string& name : allowed) match.allow += (match.allow.empty() ? "" : ", ") + name;
  return match;
}

}  // namespace plimsoll::http
