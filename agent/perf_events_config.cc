#include "agent/perf_events_config.h"

#include <fcntl.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/number.h"
#include "base/read_file.h"

namespace plimsoll::agent {

namespace {

using exporter::PerfCode;
using exporter::PerfConfig;
using exporter::PerfEvent;
using exporter::PerfGroup;
using nlohmann::json;

using Codes = std::map<std::string, PerfCode, std::less<>>;

Failure wrong(const std::string& where, const std::string& what) {
  return invalid_input("--perf_events_config", where + ": " + what);
}

// "0x5300c0", or a plain number.
Result<std::uint64_t> code_number(const json& value, const std::string& where) {
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  if (!value.is_string()) return wrong(where, "give a number or text such as \"0x5300c0\"");
  const auto& text = value.get_ref<const std::string&>();
  const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  const auto number = hexadecimal ? to_number<std::uint64_t>(std::string_view(text).substr(2), 16)
                                  : to_number<std::uint64_t>(text);
  if (!number) return wrong(where, "'" + text + "' is no number");
  return *number;
}

Result<std::pair<std::string, PerfCode>> custom_event(const json& value, const std::string& where) {
  if (!value.is_object()) return wrong(where, "give an object with type, config and name");
  const auto name = value.find("name");
  const auto type = value.find("type");
  const auto config = value.find("config");
  if (name == value.end() || !name->is_string() || name->get_ref<const std::string&>().empty())
    return wrong(where + "/name", "give a name");
  if (type == value.end() || !type->is_number_unsigned() || type->get<std::uint64_t>() > UINT32_MAX)
    return wrong(where + "/type", "give the number of a kind of event, such as 4 for raw codes");
  PerfCode code{.type = type->get<std::uint32_t>(), .config = {}};
  if (config == value.end() || !config->is_array() || config->empty() ||
      config->size() > code.config.size())
    return wrong(where + "/config", "give a list of one to three numbers");
  for (std::size_t i = 0; i < config->size(); ++i)
    code.config[i] =
        PLIMSOLL_TRY(code_number((*config)[i], where + "/config/" + std::to_string(i)));
  return std::pair(name->get<std::string>(), code);
}

Result<PerfEvent> event(const json& value, const Codes& codes, const std::string& where) {
  if (!value.is_string() || value.get_ref<const std::string&>().empty())
    return wrong(where, "give the name of an event");
  PerfEvent named{.name = value.get<std::string>(), .custom = {}};
  if (const auto code = codes.find(named.name); code != codes.end()) named.custom = code->second;
  return named;
}

// One of "core" and "uncore". Custom events that no group names stand alone.
Result<std::vector<PerfGroup>> section(const json& root, const char* key) {
  const std::string where = std::string("/") + key;
  std::vector<PerfGroup> groups;
  const auto found = root.find(key);
  if (found == root.end() || found->is_null()) return groups;
  if (!found->is_object()) return wrong(where, "give an object");
  Codes codes;
  const json customs = found->value("custom_events", json::array());
  if (!customs.is_array()) return wrong(where + "/custom_events", "give a list");
  for (std::size_t i = 0; i < customs.size(); ++i) {
    auto custom =
        PLIMSOLL_TRY(custom_event(customs[i], where + "/custom_events/" + std::to_string(i)));
    if (!codes.insert(custom).second) return wrong(where, "'" + custom.first + "' stands twice");
  }
  const json events = found->value("events", json::array());
  if (!events.is_array()) return wrong(where + "/events", "give a list");
  std::set<std::string> seen;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const std::string place = where + "/events/" + std::to_string(i);
    const json members = events[i].is_array() ? events[i] : json::array({events[i]});
    PerfGroup& group = groups.emplace_back();
    for (const json& member : members) {
      group.push_back(PLIMSOLL_TRY(event(member, codes, place)));
      // The same series would be printed twice.
      if (!seen.insert(group.back().name).second)
        return wrong(place, "'" + group.back().name + "' stands twice");
    }
    if (group.empty()) return wrong(place, "an empty group");
  }
  for (const auto& [name, code] : codes)
    if (!seen.contains(name)) groups.push_back({PerfEvent{.name = name, .custom = code}});
  return groups;
}

}  // namespace

Result<PerfConfig> parse_perf_events_config(std::string_view text) {
  const json root = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!root.is_object()) return wrong("/", "this is no JSON object");
  PerfConfig config;
  config.core = PLIMSOLL_TRY(section(root, "core"));
  config.uncore = PLIMSOLL_TRY(section(root, "uncore"));
  return config;
}

Result<PerfConfig> read_perf_events_config(const std::string& path) {
  // Links are followed: a file from a Kubernetes ConfigMap is one.
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return os_failure("open", path);
  ReadBuffer buffer;
  return in(path, parse_perf_events_config(PLIMSOLL_TRY(buffer.read_all(fd, path))));
}

}  // namespace plimsoll::agent
