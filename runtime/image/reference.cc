#include "runtime/image/reference.h"

#include <algorithm>

#include "runtime/image/digest.h"

namespace plimsoll::image {

namespace {

constexpr std::string_view kDefaultDomain = "docker.io";
constexpr std::string_view kOfficial = "library/";
constexpr std::size_t kLongest = 255;
constexpr std::size_t kLongestTag = 128;

bool is_lower(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool is_letter(char c) {
  return is_lower(c) || (c >= 'A' && c <= 'Z');
}

// [a-z0-9]+ separated by ".", "_", "__" or any number of "-".
bool is_component(std::string_view part) {
  std::size_t at = 0;
  const auto letters = [&] {
    const std::size_t start = at;
    while (at < part.size() && is_lower(part[at])) ++at;
    return at > start;
  };
  if (!letters()) return false;
  while (at < part.size()) {
    if (part[at] == '.') {
      ++at;
    } else if (part[at] == '_') {
      at += part.substr(at).starts_with("__") ? 2 : 1;
    } else if (part[at] == '-') {
      while (at < part.size() && part[at] == '-') ++at;
    } else {
      return false;
    }
    if (!letters()) return false;
  }
  return true;
}

bool is_path(std::string_view path) {
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    if (!is_component(path.substr(at, end - at))) return false;
    at = end + 1;
  }
  return true;
}

bool is_domain(std::string_view domain) {
  std::string_view host = domain;
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    if (end == std::string_view::npos) return false;
    const std::string_view inside = host.substr(1, end - 1);
    if (inside.find_first_not_of("0123456789abcdefABCDEF:") != std::string_view::npos) return false;
    host.remove_prefix(end + 1);
    if (host.empty()) return true;
    if (host[0] != ':') return false;
  } else {
    const std::size_t colon = std::min(host.find(':'), host.size());
    const std::string_view name = host.substr(0, colon);
    for (std::size_t at = 0; at <= name.size();) {
      const std::size_t end = std::min(name.find('.', at), name.size());
      const std::string_view part = name.substr(at, end - at);
      if (part.empty() || part.front() == '-' || part.back() == '-') return false;
      if (!std::ranges::all_of(part, [](char c) { return is_letter(c) || c == '-'; })) return false;
      at = end + 1;
    }
    host.remove_prefix(colon);
  }
  if (host.empty()) return true;
  const std::string_view port = host.substr(1);
  return !port.empty() && port.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_tag(std::string_view tag) {
  if (tag.empty() || tag.size() > kLongestTag) return false;
  if (!is_letter(tag[0]) && tag[0] != '_') return false;
  return std::ranges::all_of(
      tag, [](char c) { return is_letter(c) || c == '_' || c == '.' || c == '-'; });
}

std::unexpected<model::Refusal> refused(std::string_view why) {
  return model::refuse(model::Refused::kInvalid, "invalid reference format" + std::string(why));
}

bool is_host(std::string_view first) {
  return first == "localhost" || first.find_first_of(".:[") != std::string_view::npos ||
         std::ranges::any_of(first, [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace

std::string Reference::familiar() const {
  if (domain != kDefaultDomain) return repository();
  if (path.starts_with(kOfficial) && path.find('/', kOfficial.size()) == std::string::npos)
    return path.substr(kOfficial.size());
  return path;
}

std::string Reference::familiar_full() const {
  if (!tag.empty()) return familiar() + ":" + tag;
  if (!digest.empty()) return familiar() + "@" + digest;
  return familiar();
}

model::Answer<Reference> parse_reference(std::string_view text) {
  Reference reference;
  std::string_view name = text;
  if (const std::size_t at = name.find('@'); at != std::string_view::npos) {
    reference.digest = name.substr(at + 1);
    if (!is_digest(reference.digest)) return refused("");
    name = name.substr(0, at);
  }
  const std::size_t slash = name.rfind('/');
  const std::size_t colon = name.rfind(':');
  if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
    reference.tag = name.substr(colon + 1);
    if (!is_tag(reference.tag)) return refused("");
    name = name.substr(0, colon);
  }
  reference.domain = kDefaultDomain;
  const std::size_t first = name.find('/');
  if (first != std::string_view::npos && is_host(name.substr(0, first))) {
    reference.domain = name.substr(0, first);
    if (reference.domain == "index.docker.io") reference.domain = kDefaultDomain;
    name.remove_prefix(first + 1);
  }
  if (!is_domain(reference.domain)) return refused("");
  reference.path = name;
  if (std::ranges::any_of(name, [](char c) { return c >= 'A' && c <= 'Z'; }))
    return refused(
        ": repository name (" +
        std::string(reference.domain == kDefaultDomain && name.find('/') == std::string_view::npos
                        ? kOfficial
                        : "") +
        reference.path + ") must be lowercase");
  if (!is_path(name)) return refused("");
  // 64 digits alone would be taken for an id.
  if (name.size() == 64 && name.find_first_not_of("0123456789abcdef") == std::string_view::npos)
    return model::refuse(model::Refused::kInvalid,
                         "invalid repository name (" + std::string(name) +
                             "), cannot specify 64-byte hexadecimal strings");
  if (reference.domain == kDefaultDomain && name.find('/') == std::string_view::npos)
    reference.path.insert(0, kOfficial);
  if (reference.repository().size() > kLongest)
    return model::refuse(model::Refused::kInvalid,
                         "repository name must not be more than 255 characters");
  return reference;
}

model::Answer<Reference> parse_tagged(std::string_view text) {
  model::Answer<Reference> reference = parse_reference(text);
  if (reference && reference->tag.empty() && reference->digest.empty()) reference->tag = "latest";
  return reference;
}

std::string familiar_name(std::string_view name) {
  const model::Answer<Reference> reference = parse_reference(name);
  if (!reference) return std::string(name);
  return reference->digest.empty() ? reference->familiar() + ":" + reference->tag
                                   : reference->familiar() + "@" + reference->digest;
}

}  // namespace plimsoll::image
