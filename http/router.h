// Which handler a path belongs to. A plain table: patterns are few, the longest that matches wins.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/server.h"

namespace plimsoll::http {

struct Route {
  std::string pattern;               // "/metrics", "/api/v1/containers/*"
  std::vector<std::string> methods;  // As given to route(); none: all.
  Handler handler;
  BodyChooser bodies = {};

  // GET implies HEAD.
  [[nodiscard]] bool allows(std::string_view method) const;
};

class Router {
 public:
  void add(Route added);

  struct Match {
    // Null: nobody claims the path, or (then `allow` is not empty) nobody with this method.
    const Route* route = nullptr;
    std::string_view pattern;  // The pattern that matched; empty for 404.
    std::string allow;         // "GET, HEAD": the value of the Allow header for 405.
  };
  // A pattern given several times (one handler per method) counts as one.
  [[nodiscard]] Match match(std::string_view method, std::string_view path) const;

 private:
  std::vector<Route> routes_;  // Longest pattern first, then in the order of adding.
};

}  // namespace plimsoll::http
