#include "control/advice/observe.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace plimsoll::control {

namespace {

using Json = nlohmann::json;

// The member at "memory/working_set"; null where there is none.
const Json* at(const Json& object, std::initializer_list<const char*> path) {
  const Json* value = &object;
  for (const char* key : path) {
    if (!value->is_object()) return nullptr;
    const auto member = value->find(key);
    if (member == value->end()) return nullptr;
    value = &*member;
  }
  return value;
}

// A count or a size; nothing for what is negative, no number, or more than any machine has.
std::optional<std::uint64_t> count_at(const Json& object, std::initializer_list<const char*> path) {
  const Json* value = at(object, path);
  if (value == nullptr || !value->is_number_unsigned()) return std::nullopt;
  const auto count = value->get<std::uint64_t>();
  return count < std::uint64_t{1} << 60 ? std::optional(count) : std::nullopt;
}

std::optional<double> real_at(const Json& object, std::initializer_list<const char*> path) {
  const Json* value = at(object, path);
  // A century of seconds: what is more is no reading.
  if (value == nullptr || !value->is_number() || !(value->get<double>() >= 0) ||
      value->get<double>() > 3.2e9)
    return std::nullopt;
  return value->get<double>();
}

std::string text_at(const Json& object, const char* key) {
  const Json* value = at(object, {key});
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

struct Point {
  WallTime time;
  std::optional<double> cpu, memory_stall, cpu_stall;
  std::optional<std::uint64_t> working_set, pids, periods, throttled, oom_kills;
};

std::optional<Point> point_of(const Json& json, const char* time_key) {
  const auto time = parse_rfc3339(text_at(json, time_key));
  if (!time) return std::nullopt;
  Point point{.time = *time};
  point.cpu = real_at(json, {"cpu", "usage"});
  point.memory_stall = real_at(json, {"pressure", "memory", "some"});
  point.cpu_stall = real_at(json, {"pressure", "cpu", "some"});
  point.working_set = count_at(json, {"memory", "working_set"});
  if (!point.working_set) point.working_set = count_at(json, {"memory", "usage"});
  point.pids = count_at(json, {"pids", "current"});
  point.periods = count_at(json, {"cpu", "periods"});
  point.throttled = count_at(json, {"cpu", "throttled_periods"});
  point.oom_kills = count_at(json, {"memory", "events", "oom_kill"});
  return point;
}

template <class T>
std::optional<double> rise(const std::optional<T>& first, const std::optional<T>& last) {
  if (!first || !last || *last < *first) return std::nullopt;
  return static_cast<double>(*last - *first);
}

// A point tells only what changed: what it leaves out is as before.
void carry_over(Point& point, const Point& last) {
  const auto keep = [](auto& value, const auto& before) {
    if (!value) value = before;
  };
  keep(point.cpu, last.cpu);
  keep(point.memory_stall, last.memory_stall);
  keep(point.cpu_stall, last.cpu_stall);
  keep(point.working_set, last.working_set);
  keep(point.pids, last.pids);
  keep(point.periods, last.periods);
  keep(point.throttled, last.throttled);
  keep(point.oom_kills, last.oom_kills);
}

void add_up(Observation& seen, const std::vector<Point>& points) {
  seen.samples = points.size();
  if (points.empty()) return;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (points[i].working_set) seen.working_set.push_back(*points[i].working_set);
    seen.most_pids = std::max(seen.most_pids, points[i].pids.value_or(0));
    if (i == 0) continue;
    const double elapsed =
        std::chrono::duration<double>(points[i].time - points[i - 1].time).count();
    const auto used = rise(points[i - 1].cpu, points[i].cpu);
    if (!used || elapsed <= 0) continue;
    // An idle container has few points: each counts for the time it stands for.
    const auto seconds = static_cast<std::size_t>(std::clamp(std::round(elapsed), 1.0, 3600.0));
    seen.cpu_cores.insert(seen.cpu_cores.end(), seconds, *used / elapsed);
  }
  const Point& first = points.front();
  const Point& last = points.back();
  seen.seen = std::max(std::chrono::nanoseconds(0), last.time - first.time);
  const double elapsed = std::chrono::duration<double>(seen.seen).count();
  const auto periods = rise(first.periods, last.periods);
  const auto throttled = rise(first.throttled, last.throttled);
  if (periods && throttled && *periods > 0) seen.throttled_share = *throttled / *periods;
  if (const auto stalled = rise(first.memory_stall, last.memory_stall); stalled && elapsed > 0)
    seen.memory_stall = *stalled / elapsed;
  if (const auto stalled = rise(first.cpu_stall, last.cpu_stall); stalled && elapsed > 0)
    seen.cpu_stall = *stalled / elapsed;
}

}  // namespace

Result<Observation> parse_observation(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || text_at(json, "cgroup").empty()) return malformed(text.substr(0, 200));
  Observation seen;
  seen.name = text_at(json, "display");
  seen.cgroup = text_at(json, "cgroup");
  std::vector<Point> points;
  if (const Json* history = at(json, {"history"}); history != nullptr && history->is_array())
    for (const Json& each : *history)
      if (auto point = point_of(each, "timestamp")) {
        if (!points.empty()) carry_over(*point, points.back());
        if (points.empty() || point->time > points.back().time) points.push_back(*point);
      }
  // The container itself is the last point: an idle one has few others.
  if (auto now = point_of(json, "usage_at");
      now && (points.empty() || now->time > points.back().time)) {
    if (!points.empty()) carry_over(*now, points.back());
    points.push_back(*now);
  }
  add_up(seen, points);
  seen.peak = count_at(json, {"memory", "peak"});
  const auto anon = count_at(json, {"memory", "rss"});
  if (anon)
    seen.unreclaimable = *anon + count_at(json, {"memory", "shmem"}).value_or(0) +
                         count_at(json, {"memory", "kernel"}).value_or(0);
  seen.oom_kills = count_at(json, {"memory", "events", "oom_kill"}).value_or(0);
  seen.memory_limit = count_at(json, {"memory", "limit"});
  seen.pids_limit = count_at(json, {"pids", "limit"});
  const auto quota = real_at(json, {"cpu", "quota"});
  const auto period = real_at(json, {"cpu", "period"});
  if (quota && period && *period > 0) seen.cpu_limit = *quota / *period;
  return seen;
}

Result<Overview> parse_overview(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  const Json* containers = at(json, {"containers"});
  if (containers == nullptr || !containers->is_array()) return malformed(text.substr(0, 200));
  Overview overview;
  overview.host.memory = count_at(json, {"machine", "memory"}).value_or(0);
  overview.host.cores = real_at(json, {"machine", "cores"}).value_or(0);
  for (const Json& each : *containers)
    if (std::string id = text_at(each, "id"); !id.empty()) overview.ids.push_back(std::move(id));
  return overview;
}

}  // namespace plimsoll::control
