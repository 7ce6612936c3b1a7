// `docker save`: a docker-archive and an OCI layout in one, as Docker 25 and later write it.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/json.h"
#include "runtime/image/digest.h"
#include "runtime/image/disk_store.h"
#include "runtime/image/tar_writer.h"
#include "runtime/model/json_writer.h"

namespace plimsoll::image {

namespace {

using model::Empty;

struct Saved {
  Entry entry;
  std::set<std::string> names;  // As the catalog has them.
};

std::string blob_path(const std::string& digest) {
  return "blobs/sha256/" + std::string(hex_of(digest));
}

std::string tag_of(const std::string& name) {
  return name.substr(name.rfind(':') + 1);
}

std::string manifest_json(const std::vector<Saved>& images) {
  std::string text = "[";
  for (const Saved& saved : images) {
    if (text.size() > 1) text += ',';
    std::vector<std::string> tags;
    tags.reserve(saved.names.size());
    for (const std::string& name : saved.names) tags.push_back(familiar_name(name));
    std::vector<std::string> layers;
    layers.reserve(saved.entry.manifest.layers.size());
    for (const Descriptor& layer : saved.entry.manifest.layers)
      layers.push_back(blob_path(layer.digest));
    model::Writer writer(text);
    writer("Config", blob_path(saved.entry.image.id));
    writer("RepoTags", tags, Empty::kNull);
    writer("Layers", layers, Empty::kPlain);
    writer.close();
  }
  return text + "]\n";
}

std::string repositories_json(const std::vector<Saved>& images) {
  std::map<std::string, std::map<std::string, std::string>> repositories;
  for (const Saved& saved : images)
    for (const std::string& name : saved.names) {
      const std::string familiar = familiar_name(name);
      repositories[familiar.substr(0, familiar.rfind(':'))][tag_of(name)] =
          saved.entry.manifest.layers.empty()
              ? ""
              : std::string(hex_of(saved.entry.manifest.layers.back().digest));
    }
  std::string text;
  model::Writer writer(text);
  for (const auto& [repository, tags] : repositories) writer(repository, tags);
  writer.close();
  return text + "\n";
}

Index index_of(const std::vector<Saved>& images) {
  Index index;
  for (const Saved& saved : images) {
    Descriptor manifest{.media_type = saved.entry.manifest.media_type,
                        .digest = saved.entry.manifest_digest,
                        .size = saved.entry.manifest_size};
    if (saved.names.empty()) index.manifests.push_back(manifest);
    for (const std::string& name : saved.names) {
      manifest.annotations = {{"io.containerd.image.name", name},
                              {"org.opencontainers.image.ref.name", tag_of(name)}};
      index.manifests.push_back(manifest);
    }
  }
  return index;
}

Result<> write(const Content& content, const std::vector<Saved>& images, const Sink& sink) {
  TarWriter writer(sink);
  std::set<std::string> done;
  const auto blob = [&](const std::string& digest, std::int64_t time) -> Result<> {
    if (!done.insert(digest).second) return {};
    const Fd file = PLIMSOLL_TRY(content.open_blob(digest));
    return writer.add_file(blob_path(digest), file, time);
  };
  for (const Saved& saved : images) {
    const std::int64_t time = std::max<std::int64_t>(0, saved.entry.image.created_seconds);
    for (const Descriptor& layer : saved.entry.manifest.layers)
      PLIMSOLL_TRY(blob(layer.digest, time));
    PLIMSOLL_TRY(blob(saved.entry.image.id, time));
    PLIMSOLL_TRY(blob(saved.entry.manifest_digest, time));
  }
  PLIMSOLL_TRY(writer.add_text("index.json", encode(index_of(images)), 0));
  PLIMSOLL_TRY(writer.add_text("manifest.json", manifest_json(images), 0));
  PLIMSOLL_TRY(writer.add_text("oci-layout", R"({"imageLayoutVersion":"1.0.0"})", 0));
  PLIMSOLL_TRY(writer.add_text("repositories", repositories_json(images), 0));
  return writer.finish();
}

}  // namespace

model::Answer<> DiskStore::save(const std::vector<std::string>& references,
                                const Sink& sink) const {
  std::vector<Saved> images;
  const auto add = [&images](Entry entry, const std::string& name) {
    auto known = std::ranges::find_if(
        images, [&](const Saved& each) { return each.entry.image.id == entry.image.id; });
    if (known == images.end()) known = images.insert(images.end(), Saved{std::move(entry), {}});
    if (!name.empty()) known->names.insert(name);
  };
  Pins pins(*content_);
  for (const std::string& reference : references) {
    const model::Answer<Reference> name = parse_reference(reference);
    // A name without a tag is all of its tags.
    const std::vector<std::string> tags = name && name->tag.empty() && name->digest.empty()
                                              ? catalog_->tags_in(name->repository())
                                              : std::vector<std::string>();
    for (const std::string& tag : tags) {
      Entry entry = PLIMSOLL_TRY(catalog_->find(tag));
      add(std::move(entry), tag);
    }
    if (!tags.empty()) continue;
    Entry entry = PLIMSOLL_TRY(catalog_->find(reference));
    const std::string full = name ? name->repository() + ":" + name->tag : "";
    const bool is_name = name && !name->tag.empty() && name->digest.empty();
    add(std::move(entry), is_name ? full : "");
  }
  for (const Saved& saved : images) {
    pins.add(saved.entry.image.id);
    pins.add(saved.entry.manifest_digest);
    for (const Descriptor& layer : saved.entry.manifest.layers) pins.add(layer.digest);
  }
  PLIMSOLL_TRY(write(*content_, images, sink));
  return {};
}

}  // namespace plimsoll::image
