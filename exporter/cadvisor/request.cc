#include "exporter/cadvisor/request.h"

#include <algorithm>
#include <utility>

#include "base/go_duration.h"
#include "base/number.h"

namespace plimsoll::exporter {

namespace {

constexpr std::array<std::string_view, 6> kVersions = {"v1.0", "v1.1", "v1.2",
                                                       "v1.3", "v2.0", "v2.1"};

struct EndpointRow {
  std::string_view word;
  ApiEndpoint endpoint;
  ApiVersion since;
};
// v1.x and v2.x are two families: each version has what the lower ones of its family have.
constexpr EndpointRow kEndpoints[] = {
    {"containers", ApiEndpoint::kContainers, ApiVersion::kV1_0},
    {"machine", ApiEndpoint::kMachine, ApiVersion::kV1_0},
    {"subcontainers", ApiEndpoint::kSubcontainers, ApiVersion::kV1_1},
    {"docker", ApiEndpoint::kDocker, ApiVersion::kV1_2},
    {"events", ApiEndpoint::kEvents, ApiVersion::kV1_3},
    {"version", ApiEndpoint::kVersion, ApiVersion::kV2_0},
    {"attributes", ApiEndpoint::kAttributes, ApiVersion::kV2_0},
    {"events", ApiEndpoint::kEvents, ApiVersion::kV2_0},
    {"machine", ApiEndpoint::kMachine, ApiVersion::kV2_0},
    {"summary", ApiEndpoint::kSummary, ApiVersion::kV2_0},
    {"stats", ApiEndpoint::kStats, ApiVersion::kV2_0},
    {"spec", ApiEndpoint::kSpec, ApiVersion::kV2_0},
    {"storage", ApiEndpoint::kStorage, ApiVersion::kV2_0},
    {"ps", ApiEndpoint::kPs, ApiVersion::kV2_0},
    {"appmetrics", ApiEndpoint::kAppMetrics, ApiVersion::kV2_0},
    {"machinestats", ApiEndpoint::kMachineStats, ApiVersion::kV2_1},
};

bool offers(ApiVersion version, const EndpointRow& row) {
  const auto is_v2 = [](ApiVersion v) { return v >= ApiVersion::kV2_0; };
  return is_v2(version) == is_v2(row.since) && version >= row.since;
}

std::string quoted(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

std::string_view take_segment(std::string_view& path) {
  const std::size_t slash = std::min(path.find('/'), path.size());
  const std::string_view segment = path.substr(0, slash);
  path.remove_prefix(std::min(slash + 1, path.size()));
  return segment;
}

const std::string* first(Parameters query, std::string_view name) {
  const auto found = std::ranges::find_if(query, [&](const auto& p) { return p.first == name; });
  return found == query.end() ? nullptr : &found->second;
}

}  // namespace

std::string ApiPath::container() const {
  std::string name;
  for (const std::string& argument : arguments)
    if (!argument.empty()) name += "/" + argument;
  return name.empty() ? "/" : name;
}

Result<ApiPath> parse_api_path(std::string_view path) {
  constexpr std::string_view kPrefix = "/api";
  if (!path.starts_with(kPrefix))
    return failure(ErrorKind::kNotOffered, "api", "incomplete API request " + quoted(path));
  path.remove_prefix(std::min(kPrefix.size() + 1, path.size()));
  ApiPath parsed;
  if (path.empty()) return parsed;
  const std::string_view version = take_segment(path);
  const auto* const known = std::ranges::find(kVersions, version);
  if (known == kVersions.end())
    return failure(ErrorKind::kNotOffered, "api", "unsupported API version " + quoted(version));
  parsed.version = static_cast<ApiVersion>(known - kVersions.begin());
  const std::string_view word = take_segment(path);
  if (word.empty()) return parsed;
  const auto* const row = std::ranges::find_if(kEndpoints, [&](const EndpointRow& candidate) {
    return candidate.word == word && offers(*parsed.version, candidate);
  });
  if (row == std::end(kEndpoints))
    return failure(ErrorKind::kNotOffered, "api", "unknown request type " + quoted(word));
  parsed.endpoint = row->endpoint;
  while (!path.empty()) parsed.arguments.emplace_back(take_segment(path));
  return parsed;
}

std::string list_versions() {
  std::string text = "Supported API versions: ";
  for (const std::string_view version : kVersions) {
    if (version != kVersions.front()) text += ',';
    text += version;
  }
  return text;
}

std::string list_endpoints(ApiVersion version) {
  std::vector<std::string_view> words;
  for (const EndpointRow& row : kEndpoints)
    if (offers(version, row)) words.push_back(row.word);
  std::ranges::sort(words);
  std::string list;
  for (const std::string_view word : words) {
    if (!list.empty()) list += ',';
    list += word;
  }
  return "Supported request types: " + quoted(list);
}

Result<ApiOptions> parse_options(Parameters query) {
  ApiOptions options;
  if (const std::string* type = first(query, "type"); type != nullptr && !type->empty()) {
    if (*type == "docker")
      options.type = ApiIdType::kDocker;
    else if (*type == "podman")
      options.type = ApiIdType::kPodman;
    else if (*type != "name")
      return invalid_input("api", "unknown 'type' " + quoted(*type));
  }
  if (const std::string* count = first(query, "count"); count != nullptr && !count->empty()) {
    const auto number = to_number<std::int64_t>(*count);
    if (!number) return invalid_input("api", "failed to parse 'count' option: " + *count);
    if (*number < -1)
      return invalid_input(
          "api", "invalid 'count' option: only -1 and larger values allowed, not " + *count);
    options.count = *number < 0 ? std::nullopt : std::optional(static_cast<std::size_t>(*number));
  }
  const std::string* recursive = first(query, "recursive");
  options.recursive = recursive != nullptr && *recursive == "true";
  if (const std::string* age = first(query, "max_age"); age != nullptr && !age->empty()) {
    options.max_age = parse_go_duration(*age);
    if (!options.max_age)
      return invalid_input(
          "api", "failed to parse 'max_age' option: time: invalid duration " + quoted(*age));
  }
  return options;
}

}  // namespace plimsoll::exporter
