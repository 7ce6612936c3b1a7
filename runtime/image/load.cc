#include <fcntl.h>

#include "base/open_in_root.h"
#include "runtime/image/digest.h"
#include "runtime/image/disk.h"
#include "runtime/image/incoming.h"

namespace plimsoll::image {

namespace {

using model::refuse;
using model::Refused;

constexpr const char* kContainerdName = "io.containerd.image.name";
constexpr const char* kReferenceName = "org.opencontainers.image.ref.name";

class Loader {
 public:
  Loader(Content& content, Catalog& catalog, const DirFd& tree, const Report& report)
      : content_(content), catalog_(catalog), tree_(tree), report_(report) {}

  model::Answer<std::vector<std::string>> run() {
    // What `docker save` of today writes is both; its manifest.json has the names.
    const Result<std::string> manifest = read("manifest.json");
    if (manifest) {
      const std::vector<ArchivedImage> images = PLIMSOLL_TRY(decode_archive(*manifest));
      for (const ArchivedImage& image : images) PLIMSOLL_TRY(load_docker(image));
      return loaded_;
    }
    const Result<std::string> index = read("index.json");
    if (!index)
      return refuse(Refused::kInvalid,
                    "the archive has neither manifest.json nor index.json: it holds no images");
    PLIMSOLL_TRY(load_index(*index));
    return loaded_;
  }

 private:
  // Links inside the archive are followed inside it: `docker save` has shared layers once.
  [[nodiscard]] Result<Fd> open(const std::string& path) const {
    Fd file = PLIMSOLL_TRY(in("the archive", open_in_root(tree_, path, O_RDONLY | O_NONBLOCK)));
    return file;
  }
  [[nodiscard]] Result<std::string> read(const std::string& path) const {
    const Fd file = PLIMSOLL_TRY(open(path));
    return in(path, read_document(file));
  }

  model::Answer<> load_docker(const ArchivedImage& archived) {
    Pins pins(content_);
    Catalog::Addition addition;
    addition.config_json = PLIMSOLL_TRY(read(archived.config));
    const Image image = PLIMSOLL_TRY(in(archived.config, decode_image(addition.config_json)));
    if (image.layers.size() != archived.layers.size())
      return refuse(Refused::kInvalid, "invalid manifest, layers length mismatch: expected " +
                                           std::to_string(image.layers.size()) + ", got " +
                                           std::to_string(archived.layers.size()));
    std::vector<std::string> shown;
    for (const std::string& tag : archived.repo_tags) {
      const Reference name = PLIMSOLL_TRY(parse_tagged(tag));
      if (!name.digest.empty()) return refuse(Refused::kInvalid, "invalid tag \"" + tag + "\"");
      addition.names.push_back(name.repository() + ":" + name.tag);
      shown.push_back(name.familiar_full());
    }
    for (std::size_t i = 0; i < image.layers.size(); ++i) {
      const Fd file = PLIMSOLL_TRY(open(archived.layers[i]));
      const std::string digest = PLIMSOLL_TRY(digest_of(file));
      Descriptor layer = PLIMSOLL_TRY(
          in(archived.layers[i], add_layer_blob(content_, file, digest, image.layers[i], pins)));
      if (!report_({.status = "Loading layer",
                    .id = std::string(hex_of(image.layers[i]).substr(0, 12)),
                    .current = layer.size,
                    .total = layer.size}))
        return refuse(Refused::kFailed, "context canceled");
      addition.manifest.layers.push_back(std::move(layer));
    }
    addition.manifest.media_type = media::kManifest;
    addition.manifest.config.media_type = media::kConfig;
    std::string id = PLIMSOLL_TRY(catalog_.add(addition, pins));
    if (shown.empty()) shown.push_back(std::move(id));
    loaded_.insert(loaded_.end(), shown.begin(), shown.end());
    return {};
  }

  model::Answer<> load_index(const std::string& text) {
    const Index index = PLIMSOLL_TRY(decode_index(text));
    for (const Descriptor& each : index.manifests) {
      const auto annotation = [&](const char* key) {
        const auto found = each.annotations.find(key);
        return found == each.annotations.end() ? std::string() : found->second;
      };
      std::string name = annotation(kContainerdName);
      if (name.empty()) name = annotation(kReferenceName);
      if (each.media_type == media::kIndex || each.media_type == media::kDockerList) {
        const std::string inner = PLIMSOLL_TRY(read_verified(each.digest));
        const Index platforms = PLIMSOLL_TRY(decode_index(inner));
        const Descriptor chosen = PLIMSOLL_TRY(choose(platforms, "linux", host_architecture()));
        PLIMSOLL_TRY(load_manifest(chosen, name));
      } else {
        PLIMSOLL_TRY(load_manifest(each, name));
      }
    }
    return {};
  }

  model::Answer<> load_manifest(const Descriptor& manifest, const std::string& name) {
    std::vector<std::string> names;
    std::string shown;
    // Many writers put a tag alone there ("latest"), which names nothing.
    if (name.find_first_of("/:") != std::string::npos) {
      const Reference reference = PLIMSOLL_TRY(parse_tagged(name));
      if (reference.digest.empty()) {
        names.push_back(reference.repository() + ":" + reference.tag);
        shown = reference.familiar_full();
      }
    }
    const std::string id = PLIMSOLL_TRY(add_oci(
        content_, catalog_, manifest, [&](const std::string& digest) { return open(path(digest)); },
        names, report_));
    loaded_.push_back(shown.empty() ? id : shown);
    return {};
  }

  [[nodiscard]] static std::string path(const std::string& digest) {
    return "blobs/sha256/" + std::string(hex_of(digest));
  }
  [[nodiscard]] Result<std::string> read_verified(const std::string& digest) const {
    std::string text = PLIMSOLL_TRY(read(path(digest)));
    if (digest_of(text) != digest)
      return invalid_input("image", "a document is not what its digest says: " + digest);
    return text;
  }

  Content& content_;
  Catalog& catalog_;
  const DirFd& tree_;
  const Report& report_;
  std::vector<std::string> loaded_;
};

}  // namespace

model::Answer<std::vector<std::string>> load_archive(Content& content, Catalog& catalog,
                                                     const Fd& archive, const Report& report) {
  const Staging staging = PLIMSOLL_TRY(content.stage());
  const DirFd tree = PLIMSOLL_TRY(make_dir_at(staging.fd(), "archive"));
  PLIMSOLL_TRY(content.unpacker().files(archive, tree));
  return Loader(content, catalog, tree, report).run();
}

}  // namespace plimsoll::image
