#include "exporter/cadvisor/go_json.h"

namespace plimsoll::exporter {

std::string go_time(std::optional<WallTime> time) {
  if (!time || *time == WallTime{}) return "0001-01-01T00:00:00Z";
  std::string text;
  append_rfc3339(text, *time);
  text.pop_back();  // Z
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text + "Z";
}

}  // namespace plimsoll::exporter
