#include "runtime/image/incoming.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "base/text.h"
#include "runtime/image/digest.h"
#include "runtime/image/disk.h"

namespace plimsoll::image {

Result<Compression> compression_of(const Fd& file) {
  std::array<char, 6> bytes{};
  const ssize_t n = ::pread(file.get(), bytes.data(), bytes.size(), 0);
  if (n < 0) return os_failure("pread", "a layer");
  const std::string_view head(bytes.data(), static_cast<std::size_t>(n));
  if (head.starts_with("\x1f\x8b")) return Compression::kGzip;
  if (head.starts_with("\x28\xb5\x2f\xfd")) return Compression::kZstd;
  if (head.starts_with("BZh") || head.starts_with("\xfd"
                                                  "7zXZ"))
    return Compression::kOther;
  return Compression::kNone;
}

const char* media_type_of(Compression compression) {
  if (compression == Compression::kGzip) return media::kLayerGzip;
  return compression == Compression::kZstd ? media::kLayerZstd : media::kLayer;
}

Result<Descriptor> add_layer_blob(Content& content, const Fd& file, const std::string& digest,
                                  const std::string& diff_id, Pins& pins) {
  const Compression compression = PLIMSOLL_TRY(compression_of(file));
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return os_failure("fstat", "a layer");
  PLIMSOLL_TRY(content.add_layer(file, diff_id, pins));
  PLIMSOLL_TRY(content.adopt_blob(file, digest, pins));
  return Descriptor{.media_type = media_type_of(compression),
                    .digest = digest,
                    .size = static_cast<std::uint64_t>(status.st_size)};
}

namespace {

// A file of the store's own, since the caller's may lie on another file system and change.
Result<Fd> copy_into(const DirFd& directory, const Fd& from) {
  Fd to(::openat(directory.get(), "layer.tar", O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600));
  if (!to) return os_failure("openat", "layer.tar");
  off_t at = 0;
  for (;;) {
    const ssize_t n =
        ::copy_file_range(from.get(), &at, to.get(), nullptr, std::size_t{1} << 30U, 0);
    if (n == 0) return to;
    if (n < 0 && errno != EINTR) break;
  }
  // Another kind of file system, or a pipe's copy in memory.
  if (::ftruncate(to.get(), 0) != 0) return os_failure("ftruncate", "layer.tar");
  std::vector<char> buffer(std::size_t{256} << 10U);
  for (at = 0;;) {
    const ssize_t n = ::pread(from.get(), buffer.data(), buffer.size(), at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_failure("pread", "the archive");
    if (n == 0) return to;
    at += n;
    PLIMSOLL_TRY(write_all(to, {buffer.data(), static_cast<std::size_t>(n)}));
  }
}

}  // namespace

model::Answer<std::string> import_layer(Content& content, Catalog& catalog, const Fd& archive,
                                        const Import& import) {
  std::vector<std::string> names;
  if (!import.reference.empty()) {
    const Reference name = PLIMSOLL_TRY(parse_tagged(import.reference));
    if (!name.digest.empty())
      return model::refuse(model::Refused::kInvalid, "cannot import digest reference");
    names.push_back(name.repository() + ":" + name.tag);
  }
  Pins pins(content);
  const Staging staging = PLIMSOLL_TRY(content.stage());
  Fd file;
  // Registries and other stores know no layers in xz or bzip2.
  const Compression compression = PLIMSOLL_TRY(compression_of(archive));
  if (compression == Compression::kOther) {
    file =
        Fd(::openat(staging.fd().get(), "layer.tar", O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600));
    if (!file) return std::unexpected(os_failure("openat", "layer.tar").error());
    PLIMSOLL_TRY(content.unpacker().plain(archive, file));
  } else {
    file = PLIMSOLL_TRY(copy_into(staging.fd(), archive));
  }
  const LayerInfo layer = PLIMSOLL_TRY(content.add_layer(file, "", pins));
  const std::string digest = PLIMSOLL_TRY(digest_of(file));
  Catalog::Addition addition;
  Descriptor blob = PLIMSOLL_TRY(add_layer_blob(content, file, digest, layer.diff_id, pins));
  Image image;
  image.created = rfc3339(RealClock().wall());
  image.architecture = host_architecture();
  image.os = "linux";
  image.comment = import.message;
  image.config = import.config;
  image.layers = {layer.diff_id};
  image.history = {{image.created, "", import.message, false}};
  addition.config_json = encode(image);
  addition.manifest.media_type = media::kManifest;
  addition.manifest.config.media_type = media::kConfig;
  addition.manifest.layers = {std::move(blob)};
  addition.names = std::move(names);
  return catalog.add(addition, pins);
}

model::Answer<std::string> add_oci(Content& content, Catalog& catalog, const Descriptor& manifest,
                                   const OpenBlob& open, const std::vector<std::string>& names,
                                   const Report& report) {
  Pins pins(content);
  const auto document = [&](const Descriptor& which) -> Result<std::string> {
    const Fd file = PLIMSOLL_TRY(open(which.digest));
    std::string text = PLIMSOLL_TRY(read_document(file));
    if (digest_of(text) != which.digest)
      return invalid_input("image", "a document is not what its digest says: " + which.digest);
    return text;
  };
  Catalog::Addition addition;
  addition.manifest_json = PLIMSOLL_TRY(document(manifest));
  addition.manifest = PLIMSOLL_TRY(decode_manifest(addition.manifest_json));
  addition.config_json = PLIMSOLL_TRY(document(addition.manifest.config));
  const Image image = PLIMSOLL_TRY(decode_image(addition.config_json));
  if (image.layers.size() != addition.manifest.layers.size())
    return model::refuse(model::Refused::kInvalid,
                         "invalid image: layers and diff ids do not agree");
  if (addition.manifest.media_type.empty()) addition.manifest.media_type = media::kManifest;
  for (std::size_t i = 0; i < image.layers.size(); ++i) {
    const Descriptor& layer = addition.manifest.layers[i];
    const Fd file = PLIMSOLL_TRY(open(layer.digest));
    const std::string digest = PLIMSOLL_TRY(digest_of(file));
    if (digest != layer.digest)
      return model::refuse(model::Refused::kInvalid,
                           "a layer is not what its digest says: " + layer.digest);
    PLIMSOLL_TRY(add_layer_blob(content, file, digest, image.layers[i], pins));
    if (!report({.status = "Loading layer",
                 .id = std::string(hex_of(image.layers[i]).substr(0, 12)),
                 .current = layer.size,
                 .total = layer.size}))
      return model::refuse(model::Refused::kFailed, "context canceled");
  }
  addition.names = names;
  return catalog.add(addition, pins);
}

}  // namespace plimsoll::image
