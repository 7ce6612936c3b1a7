// Who asks a registry: the header X-Registry-Auth.
#include <array>
#include <optional>

#include "runtime/docker/images.h"
#include "runtime/model/json_reader.h"

namespace plimsoll::docker {

namespace {

// Either alphabet, with padding or without: clients differ.
std::optional<std::string> decode_base64(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    std::uint32_t value = 0;
    if (c >= 'A' && c <= 'Z')
      value = static_cast<std::uint32_t>(c - 'A');
    else if (c >= 'a' && c <= 'z')
      value = static_cast<std::uint32_t>(c - 'a') + 26;
    else if (c >= '0' && c <= '9')
      value = static_cast<std::uint32_t>(c - '0') + 52;
    else if (c == '-' || c == '+')
      value = 62;
    else if (c == '_' || c == '/')
      value = 63;
    else
      return std::nullopt;
    bits = (bits << 6U) | value;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>((bits >> static_cast<unsigned>(count)) & 0xFFU);
  }
  return out;
}

}  // namespace

model::Answer<image::Credentials> decode_credentials(std::string_view header) {
  image::Credentials credentials;
  if (header.empty()) return credentials;
  const auto text = decode_base64(header);
  if (!text) return model::refuse(model::Refused::kInvalid, "X-Registry-Auth is not base64");
  if (text->empty()) return credentials;
  const auto document = json::parse(*text, {.bytes = std::size_t{64} << 10, .depth = 4});
  if (!document || document->root.type != json::Type::kObject)
    return model::refuse(model::Refused::kInvalid, "X-Registry-Auth is not a JSON object");
  std::string wrong;
  model::Reader read(document->root, "X-Registry-Auth", wrong);
  read("username", credentials.username);
  read("password", credentials.password);
  read("identitytoken", credentials.identity_token);
  read("registrytoken", credentials.registry_token);
  if (!wrong.empty()) return model::refuse(model::Refused::kInvalid, wrong);
  return credentials;
}

}  // namespace plimsoll::docker
