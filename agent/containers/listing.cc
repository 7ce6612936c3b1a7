#include "agent/containers/listing.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>
#include <vector>

#include "agent/stats/tabulate.h"
#include "agent/stats/units.h"
#include "base/json.h"

namespace plimsoll::agent {
namespace {

constexpr std::size_t kShortId = 12;
constexpr std::size_t kShortCommand = 20;

std::string text_of(const json::Value& object, std::string_view key) {
  const json::Value* value = object.find(key);
  return value != nullptr &&
                 (value->type == json::Type::kString || value->type == json::Type::kNumber)
             ? std::string(value->text)
             : std::string();
}

std::int64_t number_of(const json::Value& object, std::string_view key) {
  return std::atoll(text_of(object, key).c_str());
}

std::vector<std::string> texts_of(const json::Value& object, std::string_view key) {
  std::vector<std::string> texts;
  if (const json::Value* list = object.find(key);
      list != nullptr && list->type == json::Type::kArray)
    for (const json::Member& member : list->members) texts.emplace_back(member.value.text);
  return texts;
}

Result<json::Document> list_in(std::string_view text) {
  json::Document document = PLIMSOLL_TRY(json::parse(text));
  if (document.root.type != json::Type::kArray) return malformed("the engine's list is no list");
  return document;
}

// "0.0.0.0:8080->80/tcp", "80/tcp"
std::string port_text(const json::Value& port) {
  std::string inside = text_of(port, "PrivatePort") + "/" + text_of(port, "Type");
  const std::string outside = text_of(port, "PublicPort");
  if (outside.empty() || outside == "0") return inside;
  const std::string ip = text_of(port, "IP");
  return (ip.find(':') != std::string::npos ? "[" + ip + "]" : ip) + ":" + outside + "->" + inside;
}

std::string ports_text(const json::Value& container) {
  const json::Value* ports = container.find("Ports");
  std::set<std::string> texts;
  if (ports != nullptr && ports->type == json::Type::kArray)
    for (const json::Member& port : ports->members) texts.insert(port_text(port.value));
  std::string text;
  for (const std::string& one : texts) text += (text.empty() ? "" : ", ") + one;
  return text;
}

std::string names_text(const json::Value& container) {
  std::string text;
  for (const std::string& name : texts_of(container, "Names"))
    if (name.find('/', 1) == std::string::npos)
      text += (text.empty() ? "" : ",") + name.substr(name.starts_with('/') ? 1 : 0);
  return text;
}

std::string short_id(std::string id, bool whole) {
  if (whole) return id;
  if (id.starts_with("sha256:")) id.erase(0, 7);
  return id.substr(0, kShortId);
}

Cells container_row(const json::Value& container, const ListingStyle& style) {
  const std::string command = text_of(container, "Command");
  return {short_id(text_of(container, "Id"), style.whole),
          printable(text_of(container, "Image")),
          "\"" + printable(style.whole ? command : clip(command, kShortCommand)) + "\"",
          age_text(style.now_seconds - number_of(container, "Created")),
          printable(text_of(container, "Status")),
          printable(ports_text(container)),
          printable(names_text(container))};
}

void image_rows(const json::Value& image, const ListingStyle& style, std::vector<Cells>& rows) {
  std::vector<std::string> tags = texts_of(image, "RepoTags");
  if (tags.empty()) tags.emplace_back("<none>:<none>");
  for (const std::string& tag : tags) {
    const std::size_t colon = tag.rfind(':');
    rows.push_back({printable(tag.substr(0, colon)),
                    colon == std::string::npos ? "" : printable(tag.substr(colon + 1)),
                    short_id(text_of(image, "Id"), style.whole),
                    age_text(style.now_seconds - number_of(image, "Created")),
                    human_size(static_cast<double>(number_of(image, "Size")))});
  }
}

std::string ids(const json::Value& list, const ListingStyle& style) {
  std::string text;
  for (const json::Member& member : list.members)
    text += short_id(text_of(member.value, "Id"), style.whole) + "\n";
  return text;
}

}  // namespace

std::string age_text(std::int64_t seconds) {
  constexpr std::int64_t kHour = 3600;
  constexpr std::int64_t kDay = 24 * kHour;
  struct Unit {
    std::int64_t below;
    std::int64_t one;
    const char* name;
  };
  // Up to 48 hours, 14 days, 60 days and two years, each in the smaller unit.
  static constexpr std::array<Unit, 6> kUnits{{{60, 1, "seconds"},
                                               {kHour, 60, "minutes"},
                                               {48 * kHour, kHour, "hours"},
                                               {14 * kDay, kDay, "days"},
                                               {60 * kDay, 7 * kDay, "weeks"},
                                               {730 * kDay, 30 * kDay, "months"}}};
  seconds = std::max<std::int64_t>(seconds, 0);
  if (seconds < 1) return "Less than a second ago";
  if (seconds == 1) return "1 second ago";
  if (seconds >= 60 && seconds < 120) return "About a minute ago";
  if (seconds >= 3600 && seconds < 7200) return "About an hour ago";
  for (const Unit& unit : kUnits)
    if (seconds < unit.below) return std::to_string(seconds / unit.one) + " " + unit.name + " ago";
  return std::to_string(seconds / (365 * kDay)) + " years ago";
}

Result<std::string> list_containers(std::string_view text, const ListingStyle& style) {
  const json::Document document = PLIMSOLL_TRY(list_in(text));
  if (style.show == Show::kIds) return ids(document.root, style);
  std::vector<Cells> rows{
      {"CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"}};
  for (const json::Member& container : document.root.members)
    rows.push_back(container_row(container.value, style));
  return tabulate(rows);
}

Result<std::string> list_images(std::string_view text, const ListingStyle& style) {
  const json::Document document = PLIMSOLL_TRY(list_in(text));
  if (style.show == Show::kIds) return ids(document.root, style);
  std::vector<Cells> rows{{"REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"}};
  for (const json::Member& image : document.root.members) image_rows(image.value, style, rows);
  return tabulate(rows);
}

}  // namespace plimsoll::agent
