#include "runtime/image/registry/challenge.h"

#include <algorithm>
#include <cstdint>

#include "base/json.h"

namespace plimsoll::image::registry {

namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

std::string lowered(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), lower);
  return out;
}

void skip(std::string_view& text, std::string_view what) {
  text.remove_prefix(std::min(text.find_first_not_of(what), text.size()));
}

std::optional<std::string> take_quoted(std::string_view& text) {
  std::string value;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return value;
    }
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    value += text[i];
  }
  return std::nullopt;
}

}  // namespace

std::optional<Challenge> parse_challenge(std::string_view header) {
  Challenge challenge;
  skip(header, " \t");
  const std::size_t blank = std::min(header.find(' '), header.size());
  challenge.scheme = lowered(header.substr(0, blank));
  if (challenge.scheme.empty()) return std::nullopt;
  header.remove_prefix(blank);
  for (;;) {
    skip(header, " \t,");
    if (header.empty()) return challenge;
    const std::size_t equals = header.find('=');
    if (equals == std::string_view::npos || equals == 0) return std::nullopt;
    const std::string name = lowered(header.substr(0, equals));
    header.remove_prefix(equals + 1);
    if (header.starts_with('"')) {
      std::optional<std::string> value = take_quoted(header);
      if (!value) return std::nullopt;
      challenge.parameters.insert_or_assign(name, *std::move(value));
    } else {
      const std::size_t end = std::min(header.find_first_of(", \t"), header.size());
      challenge.parameters.insert_or_assign(name, std::string(header.substr(0, end)));
      header.remove_prefix(end);
    }
  }
}

Result<std::string> parse_token(std::string_view text) {
  const json::Document document = PLIMSOLL_TRY(json::parse(text));
  for (const char* key : {"token", "access_token"}) {
    const json::Value* const found = document.root.find(key);
    if (found == nullptr || found->type != json::Type::kString || found->text.empty()) continue;
    if (std::ranges::any_of(found->text, [](char c) { return c < 0x21 || c == 0x7f; })) continue;
    return std::string(found->text);
  }
  return invalid_input("token", "the answer holds no token");
}

std::string parse_errors(std::string_view text) {
  const Result<json::Document> document = json::parse(text);
  if (!document) return "";
  const json::Value* const errors = document->root.find("errors");
  if (errors == nullptr || errors->type != json::Type::kArray || errors->members.empty()) return "";
  const json::Value& first = errors->members.front().value;
  const json::Value* const code = first.find("code");
  const json::Value* const message = first.find("message");
  std::string shown;
  if (code != nullptr && code->type == json::Type::kString) shown = lowered(code->text);
  std::ranges::replace(shown, '_', ' ');
  if (message != nullptr && message->type == json::Type::kString)
    shown += (shown.empty() ? "" : ": ") + std::string(message->text);
  return shown;
}

std::string escape(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
      continue;
    }
    out += '%';
    out += kHex[static_cast<unsigned char>(c) >> 4U];
    out += kHex[static_cast<unsigned char>(c) & 15U];
  }
  return out;
}

}  // namespace plimsoll::image::registry
