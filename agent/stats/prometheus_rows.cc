#include "agent/stats/prometheus_rows.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "agent/stats/fields.h"
#include "agent/stats/prometheus_query.h"
#include "agent/stats/units.h"
#include "base/json.h"
#include "base/number.h"

namespace plimsoll::agent {

// One element of an instant vector: views into the answer.
struct PrometheusRows::Sample {
  const json::Value& labels;
  double value = 0;

  [[nodiscard]] std::string_view label(std::string_view name) const {
    const json::Value* found = labels.find(name);
    return found != nullptr && found->type == json::Type::kString ? found->text
                                                                  : std::string_view();
  }
};

namespace {

// An answer about ten thousand containers is some 10 MB; the client's own bound comes first.
constexpr json::Bounds kBounds{.bytes = std::size_t{256} << 20, .depth = 16};
constexpr std::size_t kQuoted = 200;
constexpr std::string_view kContainerLabel = "container_label_";

std::string_view text_of(const json::Value* value) {
  return value != nullptr && value->type == json::Type::kString ? value->text : std::string_view();
}

// [1763681581.123, "42"]
struct Point {
  WallTime time;
  double value = 0;
};
std::optional<Point> point_of(const json::Value* value) {
  if (value == nullptr || value->type != json::Type::kArray || value->members.size() != 2)
    return std::nullopt;
  const json::Value& time = value->members[0].value;
  const auto seconds = time.type == json::Type::kNumber ? to_double(time.text) : std::nullopt;
  const std::string_view word = text_of(&value->members[1].value);
  // As Prometheus spells it; from_chars() takes no sign before infinity.
  const auto number = to_double(word.starts_with('+') ? word.substr(1) : word);
  constexpr double kLatest = 9e9;  // 2255: what still counts in nanoseconds.
  if (!seconds || !(*seconds >= 0 && *seconds < kLatest) || !number) return std::nullopt;
  return Point{WallTime(std::chrono::milliseconds(std::llround(*seconds * 1e3))), *number};
}

bool is_hex_id(std::string_view text) {
  constexpr std::size_t kFull = 64;
  return text.size() == kFull &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// "/system.slice/docker-<id>.scope" -> "<id>"; "" when there is none.
std::string_view id_in(std::string_view cgroup) {
  std::string_view last = cgroup.substr(cgroup.rfind('/') + 1);
  if (last.ends_with(".scope")) last.remove_suffix(std::string_view(".scope").size());
  last = last.substr(last.find_last_of("-:") + 1);
  return is_hex_id(last) ? last : std::string_view();
}

void keep(std::string& to, std::string_view text) {
  if (!text.empty()) to = text;
}

using Values = std::map<std::string, double, std::less<>>;

std::optional<double> value_of(const Values& values, std::string_view name) {
  const auto found = values.find(name);
  return found == values.end() || std::isnan(found->second) ? std::nullopt
                                                            : std::optional(found->second);
}
std::optional<std::uint64_t> count_of(const Values& values, std::string_view name,
                                      double scale = 1) {
  constexpr double kLargest = 9e18;
  const auto value = value_of(values, name);
  if (!value || !(*value >= 0) || *value * scale > kLargest) return std::nullopt;
  return static_cast<std::uint64_t>(std::llround(*value * scale));
}

// cAdvisor prints 0 for no limit; of an exporter of ours, absence means it.
std::optional<Limit<std::uint64_t>> limit_of(const Values& values, std::string_view name) {
  const auto count = count_of(values, name);
  if (!count) return std::nullopt;
  return *count == 0 ? Limit<std::uint64_t>::none() : Limit<std::uint64_t>(*count);
}

std::optional<Limit<double>> cpu_limit_of(const Values& values, bool described) {
  if (const auto cores = value_of(values, "plimsoll_container_cpu_limit_cores"))
    return Limit<double>(*cores);
  if (described) return Limit<double>::none();
  const auto quota = value_of(values, "container_spec_cpu_quota");
  const auto period = value_of(values, "container_spec_cpu_period");
  if (!period || !(*period > 0)) return std::nullopt;
  return quota && *quota > 0 ? Limit<double>(*quota / *period) : Limit<double>::none();
}

}  // namespace

Result<> PrometheusRows::add(std::string_view body) {
  const auto document = json::parse(body, kBounds);
  if (!document) return malformed("not JSON: " + printable(body.substr(0, kQuoted)));
  const json::Value& root = document->root;
  if (text_of(root.find("status")) == "error")
    return failure(ErrorKind::kRejected, "query", complaint_in(body));
  const json::Value* data = root.find("data");
  const json::Value* result = data == nullptr ? nullptr : data->find("result");
  if (result == nullptr || result->type != json::Type::kArray ||
      text_of(data->find("resultType")) != "vector")
    return malformed("no instant vector: " + printable(body.substr(0, kQuoted)));
  for (const json::Member& element : result->members) {
    const json::Value* labels = element.value.find("metric");
    const auto point = point_of(element.value.find("value"));
    if (labels == nullptr || labels->type != json::Type::kObject || !point) continue;
    time_ = std::max(time_, point->time);
    add_sample({*labels, point->value});
  }
  return {};
}

void PrometheusRows::add_sample(const Sample& sample) {
  const std::string_view instance = sample.label("instance");
  if (instance.empty()) return;
  const std::string_view name = sample.label("__name__");
  const auto host = hosts_.try_emplace(std::string(instance)).first;
  if (name == "machine_memory_bytes") {
    host->second.memory = count_of({{"", sample.value}}, "");
    return;
  }
  const std::string_view id = sample.label("id");
  if (id.empty()) return;
  Row& entry = host->second.rows[std::string(id)];
  if (const std::string_view stat = sample.label(kStatLabel); !stat.empty()) {
    entry.values.insert_or_assign("rate:" + std::string(stat), sample.value);
    return;
  }
  entry.values.insert_or_assign(std::string(name), sample.value);
  const bool described = name == "plimsoll_container_info";
  if (!described && name != "container_start_time_seconds") return;
  entry.row.host = instance;
  host->second.described |= described;
  entry.described |= described;
  identify(entry, sample);
}

void PrometheusRows::identify(Row& entry, const Sample& sample) {
  StatsRow& row = entry.row;
  const bool first = !std::exchange(entry.known, true);
  row.cgroup = sample.label("id");
  keep(row.id, sample.label("runtime_id"));
  keep(row.name, sample.label("name"));
  keep(row.runtime, sample.label("runtime"));
  keep(row.image, sample.label("image"));
  keep(row.compose_project, sample.label("compose_project"));
  keep(row.compose_project, sample.label("container_label_com_docker_compose_project"));
  keep(row.compose_service, sample.label("compose_service"));
  keep(row.compose_service, sample.label("container_label_com_docker_compose_service"));
  keep(row.pod_name, sample.label("pod"));
  keep(row.pod_namespace, sample.label("namespace"));
  keep(row.pod_container, sample.label("container"));
  if (!first) return;
  for (const json::Member& label : sample.labels.members)
    if (label.key.starts_with(kContainerLabel) && label.value.type == json::Type::kString)
      row.labels.emplace_back(label.key.substr(kContainerLabel.size()), label.value.text);
}

void PrometheusRows::fill_in(Row& entry) {
  StatsRow& row = entry.row;
  const Values& values = entry.values;
  if (row.id.empty()) row.id = id_in(row.cgroup);
  if (row.id.empty()) row.id = row.cgroup;
  row.container = short_id(row.id);
  entry.has_image = !row.image.empty();
  if (!row.pod_name.empty()) {
    row.sandbox = row.pod_container.empty() || row.pod_container == "POD";
    row.name = row.pod_namespace + "/" + row.pod_name +
               (row.pod_container.empty() ? "" : "/" + row.pod_container);
  }
  if (row.name.empty()) row.name = row.cgroup;
  if (const auto started = value_of(values, "container_start_time_seconds");
      started && *started > 0 && *started < 9e9)
    row.started = row.created = WallTime(std::chrono::seconds(std::llround(*started)));
  row.cpu_cores = value_of(values, "rate:cpu");
  row.throttled = value_of(values, "rate:throttled");
  row.psi_cpu = value_of(values, "rate:psi_cpu");
  row.psi_memory = value_of(values, "rate:psi_memory");
  row.psi_io = value_of(values, "rate:psi_io");
  row.cpu_ns = count_of(values, "container_cpu_usage_seconds_total", 1e9);
  row.cpu_system_ns = count_of(values, "container_cpu_system_seconds_total", 1e9);
  row.memory = count_of(values, "container_memory_working_set_bytes");
  row.memory_limit = limit_of(values, "container_spec_memory_limit_bytes");
  row.net_rx = count_of(values, "container_network_receive_bytes_total");
  row.net_tx = count_of(values, "container_network_transmit_bytes_total");
  row.block_read = count_of(values, "container_fs_reads_bytes_total");
  row.block_write = count_of(values, "container_fs_writes_bytes_total");
  row.pids = count_of(values, "plimsoll_container_pids");
  if (!row.pids) row.pids = count_of(values, "container_threads");
  row.pids_limit = limit_of(values, "plimsoll_container_pids_limit");
  if (!row.pids_limit) row.pids_limit = limit_of(values, "container_threads_max");
  row.cpu_limit = cpu_limit_of(values, entry.described);
  row.oom_kills = count_of(values, "plimsoll_container_oom_kills_total");
  if (!row.oom_kills) row.oom_kills = count_of(values, "container_oom_events_total");
  if (!entry.described) return;
  if (!row.memory_limit) row.memory_limit = Limit<std::uint64_t>::none();
  if (!row.pids_limit) row.pids_limit = Limit<std::uint64_t>::none();
}

StatsFrame PrometheusRows::finish() && {
  StatsFrame frame;
  frame.time = time_;
  for (auto& [instance, host] : hosts_) {
    for (auto& [id, entry] : host.rows) {
      if (!entry.known) continue;
      fill_in(entry);
      entry.row.machine_memory = host.memory;
      // Where our exporter runs it says what is a container; else what has a name or an image is.
      const bool labelled = entry.has_image || entry.row.name != entry.row.cgroup;
      entry.row.is_container = host.described ? entry.described : labelled;
      frame.rows.push_back(std::move(entry.row));
    }
  }
  std::ranges::sort(frame.rows, [](const StatsRow& a, const StatsRow& b) {
    return std::tie(a.host, a.cgroup) < std::tie(b.host, b.cgroup);
  });
  return frame;
}

std::string complaint_in(std::string_view body) {
  if (const auto document = json::parse(body, kBounds)) {
    const std::string_view error = text_of(document->root.find("error"));
    if (!error.empty()) return printable(error);
  }
  return printable(body.substr(0, body.find('\n')).substr(0, kQuoted));
}

}  // namespace plimsoll::agent
