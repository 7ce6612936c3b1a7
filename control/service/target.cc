#include "control/service/target.h"

#include <algorithm>
#include <vector>

namespace plimsoll::control {
namespace {

constexpr std::size_t kShortestPrefix = 4;
constexpr std::size_t kMostNamed = 5;
constexpr std::string_view kByPath = "cgroup:";

std::string shown(const Target& target) {
  const std::string text = target.name.empty() ? target.id : target.name;
  if (text.empty()) return "cgroup:" + target.cgroup;
  return text + " (" + target.runtime + ", cgroup:" + target.cgroup + ")";
}

std::string listed(const std::vector<const Target*>& some) {
  std::string text;
  for (std::size_t i = 0; i < some.size() && i < kMostNamed; ++i)
    text += (i == 0 ? "" : ", ") + shown(*some[i]);
  if (some.size() > kMostNamed)
    text += " and " + std::to_string(some.size() - kMostNamed) + " more";
  return text;
}

template <class Fits>
std::vector<const Target*> those(std::span<const Target> targets, Fits fits) {
  std::vector<const Target*> found;
  for (const Target& target : targets)
    if (fits(target)) found.push_back(&target);
  const bool any = std::ranges::any_of(found, [](const Target* one) { return one->container; });
  if (any) std::erase_if(found, [](const Target* one) { return !one->container; });
  return found;
}

// Names that only begin so, or hold the word somewhere: what was probably meant.
std::string similar(std::string_view ref, std::span<const Target> targets) {
  const auto near = those(targets, [&](const Target& target) {
    return target.container && (target.name.find(ref) != std::string::npos ||
                                (!target.name.empty() && ref.find(target.name) != ref.npos));
  });
  return near.empty() ? "" : "; there is " + listed(near);
}

}  // namespace

std::optional<std::string> path_in(std::string_view ref) {
  if (!ref.starts_with(kByPath)) return std::nullopt;
  std::string path(ref.substr(kByPath.size()));
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

Answer<Target> find_target(std::string_view ref, std::span<const Target> targets) {
  if (ref.empty()) return refuse(Problem::kInvalidInput, "no container is named");
  if (const auto path = path_in(ref)) {
    if (!path->starts_with('/'))
      return refuse(Problem::kInvalidInput,
                    std::string(ref) + ": a group's path begins with '/', as in cgroup:/web");
    const auto found = std::ranges::find(targets, *path, &Target::cgroup);
    if (found != targets.end()) return *found;
    return refuse(Problem::kNotFound, "there is no cgroup " + *path);
  }
  auto found = those(targets, [&](const Target& target) { return target.name == ref; });
  if (found.empty()) found = those(targets, [&](const Target& target) { return target.id == ref; });
  if (found.empty() && ref.size() >= kShortestPrefix)
    found = those(targets, [&](const Target& target) { return target.id.starts_with(ref); });
  if (found.size() == 1) return *found.front();
  if (!found.empty())
    return refuse(Problem::kAmbiguous, "'" + std::string(ref) + "' may be " + listed(found) +
                                           ": give more of the id, or cgroup:/path");
  const bool is_short = ref.size() < kShortestPrefix;
  return refuse(Problem::kNotFound, "there is no container '" + std::string(ref) + "'" +
                                        (is_short ? ", and an id needs four characters" : "") +
                                        similar(ref, targets));
}

}  // namespace plimsoll::control
