// Images that come in: from archives and trees. All are put together here.
#pragma once

#include <string>
#include <vector>

#include "runtime/image/catalog.h"
#include "runtime/image/content.h"
#include "runtime/image/store.h"

namespace plimsoll::image {

// How a file is compressed, by its first bytes.
enum class Compression : std::uint8_t { kNone, kGzip, kZstd, kOther };
[[nodiscard]] Result<Compression> compression_of(const Fd& file);
[[nodiscard]] const char* media_type_of(Compression compression);

// Unpacks a layer and keeps its blob; `digest` is the blob's, verified already.
[[nodiscard]] Result<Descriptor> add_layer_blob(Content& content, const Fd& file,
                                                const std::string& digest,
                                                const std::string& diff_id, Pins& pins);

// What Store::load and Store::import_tree say.
[[nodiscard]] model::Answer<std::vector<std::string>> load_archive(Content& content,
                                                                   Catalog& catalog,
                                                                   const Fd& archive,
                                                                   const Report& report);

struct Import {
  std::string reference;
  std::string message;
  model::Config config;
};
[[nodiscard]] model::Answer<std::string> import_layer(Content& content, Catalog& catalog,
                                                      const Fd& archive, const Import& import);

// The image whose manifest has this digest, all of whose blobs `open` finds.
using OpenBlob = std::function<Result<Fd>(const std::string& digest)>;
[[nodiscard]] model::Answer<std::string> add_oci(Content& content, Catalog& catalog,
                                                 const Descriptor& manifest, const OpenBlob& open,
                                                 const std::vector<std::string>& names,
                                                 const Report& report);

}  // namespace plimsoll::image
