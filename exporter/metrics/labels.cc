#include "exporter/metrics/labels.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>

#include "base/glob.h"
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

// How many bytes at the start of `text` (which begins with a byte >= 0x80) are one character.
// Nothing if they are none.
std::size_t character_length(std::string_view text) {
  for (std::size_t n = 2; n <= 4 && n <= text.size(); ++n)
    if (is_valid_utf8(text.substr(0, n))) return n;
  return 0;
}

char* put_bad_byte(char* to, char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  to = put_text(to, kReplacement);
  *to++ = kHex[byte >> 4U];
  *to++ = kHex[byte & 15U];
  return to;
}

enum class Escapes : std::uint8_t { kText, kNone };

template <Escapes kEscapes>
char* put_value(char* to, std::string_view value) {
  for (std::size_t at = 0; at < value.size();) {
    const char c = value[at];
    if (kPlain[static_cast<unsigned char>(c)]) {
      *to++ = c;
      ++at;
      continue;
    }
    if (static_cast<unsigned char>(c) < 0x80) {
      if constexpr (kEscapes == Escapes::kText) *to++ = '\\';
      *to++ = kEscapes == Escapes::kText && c == '\n' ? 'n' : c;
      ++at;
      continue;
    }
    const std::string_view rest = value.substr(at);
    const std::size_t length = character_length(rest);
    if (length == 0) {
      to = put_bad_byte(to, c);
      ++at;
      continue;
    }
    to = put_text(to, rest.substr(0, length));
    if (rest.starts_with(kReplacement)) to = put_text(to, kReplacement);
    at += length;
  }
  return to;
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

bool any_match(const std::vector<std::string>& patterns, std::string_view key) {
  return std::ranges::any_of(patterns, [&](const auto& p) { return glob_match(p, key); });
}

bool is_wanted(const std::string& key, const LabelOptions& options) {
  if (any_match(options.deny, key)) return false;
  return options.all_container_labels ||
         std::ranges::find(options.allowed_labels, key) != options.allowed_labels.end() ||
         any_match(options.allow, key);
}

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

char* put_label_value(char* to, std::string_view value) {
  return put_value<Escapes::kText>(to, value);
}

void append_plain_value(std::string& out, std::string_view value) {
  const std::size_t old = out.size();
  out.resize_and_overwrite(old + kMaxEscaped * value.size(), [&](char* text, std::size_t) {
    return static_cast<std::size_t>(put_value<Escapes::kNone>(text + old, value) - text);
  });
}

void append_label_value(std::string& out, std::string_view value) {
  const std::size_t old = out.size();
  out.resize_and_overwrite(old + kMaxEscaped * value.size(), [&](char* text, std::size_t) {
    return static_cast<std::size_t>(put_label_value(text + old, value) - text);
  });
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
    if (!is_wanted(key, options)) continue;
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
  // As the kubelet puts them on its cAdvisor's series: rules and dashboards for Kubernetes need
  // them.
  if (!identity.pod_container.empty()) append_pair(out, "container", identity.pod_container);
  if (!identity.pod_namespace.empty()) append_pair(out, "namespace", identity.pod_namespace);
  if (!identity.pod_name.empty()) append_pair(out, "pod", identity.pod_name);
  return out;
}

}  // namespace plimsoll::exporter
