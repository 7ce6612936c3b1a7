// Input: a path, a query ("a=b&c=d") and a body, separated by newlines.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exporter/cadvisor/request.h"

namespace {

using plimsoll::exporter::ApiCompat;

void require(bool holds) {
  if (!holds) std::abort();
}

std::string_view take(std::string_view& text, char until) {
  const std::size_t end = text.find(until);
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return part;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using plimsoll::exporter::parse_api_path;
  using plimsoll::exporter::parse_event_request;
  using plimsoll::exporter::parse_info_request;
  using plimsoll::exporter::parse_options;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string_view path = take(input, '\n');
  std::string_view query_text = take(input, '\n');
  std::vector<std::pair<std::string, std::string>> query;
  while (!query_text.empty()) {
    std::string_view pair = take(query_text, '&');
    const std::string_view key = take(pair, '=');
    query.emplace_back(key, pair);
  }

  if (const auto parsed = parse_api_path(path)) {
    require(parsed->version.has_value() || !parsed->endpoint.has_value());
    const std::string name = parsed->container();
    require(name.starts_with('/') && name.find("//") == std::string::npos);
    require(name == "/" || !name.ends_with('/'));
  }
  if (const auto options = parse_options(query)) {
    require(!options->count || *options->count <= static_cast<std::size_t>(INT64_MAX));
  }
  for (const ApiCompat compat : {ApiCompat::kFixed, ApiCompat::kStrict}) {
    const auto events = parse_event_request("/", query, compat);
    if (events) require(!events->stream || !events->query.start);
  }
  const auto body = parse_info_request(input);
  require(body.has_value() || !body.error().subject.empty());
  return 0;
}
