#include "runtime/image/documents.h"

#include <algorithm>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/number.h"
#include "base/text.h"
#include "runtime/image/digest.h"
#include "runtime/model/fields.h"

namespace plimsoll::image {

namespace {

constexpr json::Bounds kBounds{.bytes = std::size_t{8} << 20U, .depth = 32};
constexpr std::size_t kMostManifests = 1000;

Failure wrong(std::string_view what) {
  return invalid_input("decode", what);
}

const json::Value* member(const json::Value& object, std::string_view key, json::Type type) {
  const json::Value* const found = object.find(key);
  return found != nullptr && found->type == type ? found : nullptr;
}

std::string text_in(const json::Value& object, std::string_view key) {
  const json::Value* const found = member(object, key, json::Type::kString);
  return found == nullptr ? std::string() : std::string(found->text);
}

Result<std::vector<std::string>> texts_in(const json::Value& object, std::string_view key) {
  std::vector<std::string> texts;
  const json::Value* const found = object.find(key);
  if (found == nullptr || found->type == json::Type::kNull) return texts;
  if (found->type != json::Type::kArray) return wrong(std::string(key) + ": must be a list");
  for (const json::Member& each : found->members) {
    if (each.value.type != json::Type::kString)
      return wrong(std::string(key) + ": must be a list of strings");
    texts.emplace_back(each.value.text);
  }
  return texts;
}

Result<Descriptor> descriptor(const json::Value& value, std::string_view place) {
  if (value.type != json::Type::kObject) return wrong(std::string(place) + ": must be an object");
  Descriptor found;
  found.media_type = text_in(value, "mediaType");
  found.digest = text_in(value, "digest");
  if (!is_digest(found.digest))
    return wrong(std::string(place) + ".digest: \"" + found.digest + "\" is no sha256 digest");
  const json::Value* const size = member(value, "size", json::Type::kNumber);
  const auto number = size == nullptr ? std::nullopt : to_number<std::uint64_t>(size->text);
  if (!number) return wrong(std::string(place) + ".size: must be a whole number");
  found.size = *number;
  if (const json::Value* platform = member(value, "platform", json::Type::kObject)) {
    found.os = text_in(*platform, "os");
    found.architecture = text_in(*platform, "architecture");
    found.variant = text_in(*platform, "variant");
  }
  if (const json::Value* annotations = member(value, "annotations", json::Type::kObject))
    for (const json::Member& each : annotations->members)
      if (each.value.type == json::Type::kString)
        found.annotations.emplace(each.key, each.value.text);
  return found;
}

Result<std::vector<Descriptor>> descriptors(const json::Value& object, std::string_view key,
                                            std::size_t most) {
  const json::Value* const list = member(object, key, json::Type::kArray);
  if (list == nullptr) return wrong(std::string(key) + ": must be a list");
  if (list->members.size() > most)
    return wrong(std::string(key) + ": more than " + std::to_string(most));
  std::vector<Descriptor> found;
  for (const json::Member& each : list->members) {
    Descriptor next = PLIMSOLL_TRY(descriptor(each.value, key));
    found.push_back(std::move(next));
  }
  return found;
}

Result<json::Document> parse_object(std::string_view text) {
  json::Document document = PLIMSOLL_TRY(json::parse(text, kBounds));
  if (document.root.type != json::Type::kObject) return wrong("must be an object");
  return document;
}

std::vector<History> histories(const json::Value& object) {
  std::vector<History> found;
  const json::Value* const list = member(object, "history", json::Type::kArray);
  if (list == nullptr) return found;
  for (const json::Member& each : list->members) {
    const json::Value* const empty = member(each.value, "empty_layer", json::Type::kBoolean);
    found.push_back({text_in(each.value, "created"), text_in(each.value, "created_by"),
                     text_in(each.value, "comment"), empty != nullptr && empty->boolean});
  }
  return found;
}

Result<model::Config> config_in(const json::Value& object) {
  model::Config config;
  const json::Value* const found = member(object, "config", json::Type::kObject);
  if (found == nullptr) return config;
  std::string failed;
  model::Reader reader(*found, "config", failed);
  model::fields::config(reader, config);
  if (!failed.empty()) return wrong(failed);
  return config;
}

}  // namespace

Result<Manifest> decode_manifest(std::string_view json) {
  const json::Document document = PLIMSOLL_TRY(parse_object(json));
  const json::Value* const config = document.root.find("config");
  if (config == nullptr) return wrong("config: missing; older schemas are not taken");
  Manifest manifest;
  manifest.media_type = text_in(document.root, "mediaType");
  manifest.config = PLIMSOLL_TRY(descriptor(*config, "config"));
  // An empty image has null here.
  const json::Value* const layers = document.root.find("layers");
  if (layers != nullptr && layers->type != json::Type::kNull)
    manifest.layers = PLIMSOLL_TRY(descriptors(document.root, "layers", kMostLayers));
  return manifest;
}

Result<Index> decode_index(std::string_view json) {
  const json::Document document = PLIMSOLL_TRY(parse_object(json));
  return Index{PLIMSOLL_TRY(descriptors(document.root, "manifests", kMostManifests))};
}

Result<bool> is_index(std::string_view json) {
  const json::Document document = PLIMSOLL_TRY(parse_object(json));
  const std::string type = text_in(document.root, "mediaType");
  if (type == media::kIndex || type == media::kDockerList) return true;
  return document.root.find("manifests") != nullptr;
}

Result<std::vector<ArchivedImage>> decode_archive(std::string_view json) {
  const json::Document document = PLIMSOLL_TRY(json::parse(json, kBounds));
  if (document.root.type != json::Type::kArray) return wrong("manifest.json: must be a list");
  std::vector<ArchivedImage> images;
  for (const json::Member& each : document.root.members) {
    if (each.value.type != json::Type::kObject)
      return wrong("manifest.json: must be a list of objects");
    ArchivedImage image;
    image.config = text_in(each.value, "Config");
    image.repo_tags = PLIMSOLL_TRY(texts_in(each.value, "RepoTags"));
    image.layers = PLIMSOLL_TRY(texts_in(each.value, "Layers"));
    if (image.config.empty()) return wrong("manifest.json: an image without Config");
    if (image.layers.size() > kMostLayers) return wrong("max depth exceeded");
    images.push_back(std::move(image));
  }
  return images;
}

Result<Image> decode_image(std::string_view json) {
  const json::Document document = PLIMSOLL_TRY(parse_object(json));
  const json::Value& root = document.root;
  Image image;
  image.created = text_in(root, "created");
  if (const auto time = parse_rfc3339(image.created))
    image.created_seconds =
        std::chrono::duration_cast<std::chrono::seconds>(time->time_since_epoch()).count();
  image.author = text_in(root, "author");
  image.comment = text_in(root, "comment");
  image.architecture = text_in(root, "architecture");
  image.os = text_in(root, "os");
  image.config = PLIMSOLL_TRY(config_in(root));
  image.history = histories(root);
  const json::Value* const tree = member(root, "rootfs", json::Type::kObject);
  if (tree == nullptr) return wrong("rootfs: missing");
  image.layers = PLIMSOLL_TRY(texts_in(*tree, "diff_ids"));
  if (image.layers.size() > kMostLayers) return wrong("max depth exceeded");
  for (const std::string& layer : image.layers)
    if (!is_digest(layer)) return wrong("rootfs.diff_ids: \"" + layer + "\" is no sha256 digest");
  return image;
}

Result<Descriptor> choose(const Index& index, std::string_view os, std::string_view architecture) {
  const auto fits = [&](const Descriptor& each) {
    return each.os == os && each.architecture == architecture;
  };
  const auto found = std::ranges::find_if(index.manifests, fits);
  if (found != index.manifests.end()) return *found;
  // One image that says nothing of platforms is for everybody.
  if (index.manifests.size() == 1 && index.manifests[0].architecture.empty())
    return index.manifests[0];
  return failure(ErrorKind::kNotOffered, "choose",
                 "no matching manifest for " + std::string(os) + "/" + std::string(architecture) +
                     " in the manifest list entries");
}

std::string_view host_architecture() {
#if defined(__x86_64__)
  return "amd64";
#elif defined(__aarch64__)
  return "arm64";
#else
#error "say what Go calls this architecture"
#endif
}

}  // namespace plimsoll::image
