// Documents of registries and archives: the first byte says which it is meant to be.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "runtime/image/documents.h"
#include "runtime/image/reference.h"
#include "runtime/image/registry/challenge.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plimsoll;
  using namespace plimsoll::image;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'm':
      if (const auto manifest = decode_manifest(text)) {
        const auto again = decode_manifest(encode(*manifest));
        PLIMSOLL_CHECK(again && again->layers.size() == manifest->layers.size());
      }
      break;
    case 'i':
      if (const auto index = decode_index(text)) {
        const auto again = decode_index(encode(*index));
        PLIMSOLL_CHECK(again && again->manifests.size() == index->manifests.size());
      }
      break;
    case 'c':
      if (const auto image = decode_image(text)) {
        const auto again = decode_image(encode(*image));
        PLIMSOLL_CHECK(again && again->layers == image->layers);
        PLIMSOLL_CHECK(again->config == image->config);
      }
      break;
    case 'a':
      static_cast<void>(decode_archive(text).has_value());
      break;
    case 'r':
      if (const auto reference = parse_reference(text)) {
        const auto again = parse_reference(reference->familiar_full());
        PLIMSOLL_CHECK(again && again->path == reference->path);
        PLIMSOLL_CHECK(again->domain == reference->domain);
      }
      break;
    case 'w':
      static_cast<void>(registry::parse_challenge(text).has_value());
      break;
    default:
      static_cast<void>(registry::parse_token(text).has_value());
      static_cast<void>(registry::parse_errors(text).size());
  }
  return 0;
}
