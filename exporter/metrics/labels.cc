#include "exporter/metrics/labels.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>

#include "base/text.h"
#include "exporter/metrics/print.h"
#include "exporter/metrics/text.h"

namespace plimsoll::exporter {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// A label or variable longer than this is cut: one container with megabytes of annotations must not
// fill every scrape. Identifying values (id, name, image) are never cut.
constexpr std::size_t kMaxValue = 4096;

constexpr auto kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t c = 0; c < 0x80; ++c) plain[c] = c != '"' && c != '\\' && c != '\n';
  return plain;
}();

std::size_t plain_prefix(std::string_view text) {
  std::size_t n = 0;
  while (n < text.size() && kPlain[static_cast<unsigned char>(text[n])]) ++n;
  return n;
}

// How many bytes at the start of `text` (which begins with a byte >= 0x80) are one character.
// Nothing if they are none.
std::size_t character_length(std::string_view text) {
  for (std::size_t n = 2; n <= 4 && n <= text.size(); ++n)
    if (is_valid_utf8(text.substr(0, n))) return n;
  return 0;
}

void append_bad_byte(std::string& out, char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  out += kReplacement;
  out += kHex[byte >> 4U];
  out += kHex[byte & 15U];
}

void append_pair(std::string& out, std::string_view name, std::string_view value) {
  if (!out.empty()) out += ',';
  out += name;
  out += "=\"";
  append_label_value(out, value);
  out += '"';
}

std::string_view cut(std::string_view value) {
  if (value.size() <= kMaxValue) return value;
  std::size_t end = kMaxValue;
  while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0U) == 0x80) --end;
  return value.substr(0, end);
}

// The names already given in this block, so that two raw keys never end up under one.
class UsedNames {
 public:
  // The sanitised name, or the first free of name_2, name_3 ...
  std::string claim(std::string_view prefix, std::string_view raw, std::uint64_t& collisions) {
    std::string name(prefix);
    append_label_name(name, raw);
    if (used_.insert(name).second) return name;
    ++collisions;
    for (std::uint64_t& next = next_.try_emplace(name, 2).first->second;; ++next) {
      std::string other = name + '_' + std::to_string(next);
      if (used_.insert(other).second) return other;
    }
  }

 private:
  std::set<std::string, std::less<>> used_;
  std::map<std::string, std::uint64_t, std::less<>> next_;  // First number worth trying per name.
};

// Docker's and podman's variables are lower-cased, containerd's are not: cAdvisor's rule.
std::string environment_key(const inventory::Identity& identity, std::string key) {
  const bool lower = identity.runtime == inventory::Runtime::kDocker ||
                     identity.runtime == inventory::Runtime::kPodman;
  if (lower)
    std::ranges::transform(key, key.begin(), [](unsigned char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : static_cast<char>(c);
    });
  return key;
}

}  // namespace

void append_label_value(std::string& out, std::string_view value) {
  while (!value.empty()) {
    const std::size_t plain = plain_prefix(value);
    out.append(value.substr(0, plain));
    value.remove_prefix(plain);
    if (value.empty()) return;
    const char c = value[0];
    if (static_cast<unsigned char>(c) < 0x80) {
      out += '\\';
      out += c == '\n' ? 'n' : c;
      value.remove_prefix(1);
      continue;
    }
    const std::size_t length = character_length(value);
    if (length == 0) {
      append_bad_byte(out, c);
      value.remove_prefix(1);
      continue;
    }
    out.append(value.substr(0, length));
    if (value.starts_with(kReplacement)) out += kReplacement;
    value.remove_prefix(length);
  }
}

void append_label_name(std::string& out, std::string_view name) {
  for (const char c : name) {
    const bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    out += ok ? c : '_';
  }
}

std::string render_labels(const inventory::Identity& identity, const LabelOptions& options,
                          std::uint64_t& collisions) {
  std::string out;
  UsedNames names;
  for (const auto& [key, value] : identity.labels) {
    if (!options.all_container_labels &&
        std::ranges::find(options.allowed_labels, key) == options.allowed_labels.end())
      continue;
    append_pair(out, names.claim("container_label_", key, collisions), cut(value));
  }
  // cAdvisor puts the restart count among the labels once there was a restart: a new start is then
  // a new series.
  if (options.all_container_labels && identity.restart_count > 0)
    append_pair(out, names.claim("container_label_", "restartcount", collisions),
                std::to_string(identity.restart_count));
  for (const auto& [key, value] : identity.environment)
    append_pair(out, names.claim("container_env_", environment_key(identity, key), collisions),
                cut(value));
  append_pair(out, "id", identity.cgroup);
  if (!identity.image.empty()) append_pair(out, "image", identity.image);
  if (!identity.name.empty()) append_pair(out, "name", identity.name);
  return out;
}

}  // namespace plimsoll::exporter
