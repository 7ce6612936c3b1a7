// Which handler a path of Docker's API belongs to.
//
// Names of images have slashes and colons, so a parameter is greedy: "/images/{name}/json" takes
// all between the two literal parts. Of several patterns that fit, the one with most literal bytes
// wins. Thread: built once, then read by all.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plimsoll::docker {

enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kDelete };
[[nodiscard]] std::optional<Method> method_named(std::string_view name);

class Router {
 public:
  // "/images/{name}/json": at most one parameter. `target` is handed back.
  void add(Method method, std::string_view pattern, std::size_t target);

  struct Match {
    std::size_t target = 0;
    std::string_view parameter;  // Part of the path; empty: the pattern has none.
    const std::string* pattern = nullptr;
  };
  // Nothing: no such page.
  [[nodiscard]] std::optional<Match> match(Method method, std::string_view path) const;

 private:
  struct Route {
    Method method;
    std::string pattern;
    std::string prefix;  // Of the pattern, up to the parameter; all of it, where there is none.
    std::string suffix;
    bool has_parameter = false;
    std::size_t target = 0;
  };
  std::vector<Route> routes_;  // Most literal bytes first.
};

}  // namespace plimsoll::docker
