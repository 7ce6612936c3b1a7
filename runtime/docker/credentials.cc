// Who asks a registry: the header X-Registry-Auth.
#include <algorithm>
#include <optional>

#include "base/base64.h"
#include "runtime/docker/images.h"
#include "runtime/model/json_reader.h"

namespace plimsoll::docker {

namespace {

// Either alphabet, with padding or without: clients differ.
std::optional<std::string> decode_base64(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string standard(text);
  std::ranges::replace(standard, '-', '+');
  std::ranges::replace(standard, '_', '/');
  standard.append((4 - standard.size() % 4) % 4, '=');
  return from_base64(standard);
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
