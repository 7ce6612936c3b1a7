// The documents of images: what registries and archives send, and what the store writes.
//
// All are foreign: sizes, depth and counts are capped, unknown members skipped, digests checked for
// their form. kInvalidInput says what is wrong.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/image/store.h"

namespace plimsoll::image {

struct Descriptor {
  std::string media_type;
  std::string digest;
  std::uint64_t size = 0;
  std::string os;
  std::string architecture;
  std::string variant;
  std::map<std::string, std::string> annotations;
  bool operator==(const Descriptor&) const = default;
};

// An image's manifest (OCI, or Docker's schema 2).
struct Manifest {
  std::string media_type;
  Descriptor config;
  std::vector<Descriptor> layers;  // Lowest first.
  bool operator==(const Manifest&) const = default;
};

// An index, or Docker's manifest list.
struct Index {
  std::vector<Descriptor> manifests;
  bool operator==(const Index&) const = default;
};

// One element of a docker-archive's manifest.json.
struct ArchivedImage {
  std::string config;  // Paths in the archive.
  std::vector<std::string> repo_tags;
  std::vector<std::string> layers;
};

namespace media {
inline constexpr const char* kManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr const char* kIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr const char* kConfig = "application/vnd.oci.image.config.v1+json";
inline constexpr const char* kLayer = "application/vnd.oci.image.layer.v1.tar";
inline constexpr const char* kLayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip";
inline constexpr const char* kLayerZstd = "application/vnd.oci.image.layer.v1.tar+zstd";
inline constexpr const char* kDockerManifest =
    "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr const char* kDockerList =
    "application/vnd.docker.distribution.manifest.list.v2+json";
}  // namespace media

inline constexpr std::size_t kMostLayers = 127;  // Docker's limit; also what fits a mount.

[[nodiscard]] Result<Manifest> decode_manifest(std::string_view json);
[[nodiscard]] Result<Index> decode_index(std::string_view json);
// Whether a document is an index: by its media type, or by what it has.
[[nodiscard]] Result<bool> is_index(std::string_view json);
[[nodiscard]] Result<std::vector<ArchivedImage>> decode_archive(std::string_view json);
// An image's config. Without id, names and size.
[[nodiscard]] Result<Image> decode_image(std::string_view json);

[[nodiscard]] std::string encode(const Manifest& manifest);
[[nodiscard]] std::string encode(const Index& index);
// A config, of which decode_image() makes the same image again.
[[nodiscard]] std::string encode(const Image& image);

// The manifest of an index for the platform; none: kNotOffered.
[[nodiscard]] Result<Descriptor> choose(const Index& index, std::string_view os,
                                        std::string_view architecture);
// "amd64", "arm64": Go's words.
[[nodiscard]] std::string_view host_architecture();

}  // namespace plimsoll::image
