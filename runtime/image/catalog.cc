#include "runtime/image/catalog.h"

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/log.h"
#include "base/read_file.h"
#include "base/rollback.h"
#include "runtime/image/digest.h"
#include "runtime/image/disk.h"
#include "runtime/model/json_reader.h"
#include "runtime/model/json_writer.h"

namespace plimsoll::image {

namespace {

constexpr const char* kIndexFile = "index.json";
constexpr const char* kNamesFile = "names.json";
constexpr std::size_t kMostBytes = std::size_t{64} << 20U;

std::string names_document(const std::map<std::string, std::string>& names,
                           const std::map<std::string, std::string>& parents) {
  std::string text;
  model::Writer writer(text);
  writer("names", names);
  writer("parents", parents);
  writer.close();
  return text + "\n";
}

}  // namespace

Result<std::unique_ptr<Catalog>> Catalog::open(Content& content) {
  std::unique_ptr<Catalog> catalog(new Catalog(content));
  State state;
  if (exists_at(content.top(), kIndexFile)) {
    const std::string text = PLIMSOLL_TRY(read_file_at(content.top(), kIndexFile, kMostBytes));
    const Index index = PLIMSOLL_TRY(in(kIndexFile, decode_index(text)));
    for (const Descriptor& each : index.manifests) {
      Result<Entry> entry = catalog->read(each.digest);
      if (entry) {
        state.images.insert_or_assign(entry->image.id, std::move(*entry));
      } else {
        log::warn("image with the manifest " + each.digest + ": " + entry.error().message());
      }
    }
  }
  PLIMSOLL_TRY(catalog->read_names(state));
  catalog->state_ = std::make_shared<const State>(std::move(state));
  return catalog;
}

Result<Entry> Catalog::read(const std::string& digest) const {
  Entry entry;
  entry.manifest_digest = digest;
  const std::string manifest = PLIMSOLL_TRY(content_.read_blob(digest));
  entry.manifest_size = manifest.size();
  entry.manifest = PLIMSOLL_TRY(decode_manifest(manifest));
  const std::string config = PLIMSOLL_TRY(content_.read_blob(entry.manifest.config.digest));
  entry.image = PLIMSOLL_TRY(decode_image(config));
  entry.image.id = entry.manifest.config.digest;
  for (const std::string& layer : entry.image.layers) {
    const LayerInfo info = PLIMSOLL_TRY(content_.find_layer(layer));
    entry.image.size += info.bytes;
  }
  return entry;
}

Result<> Catalog::read_names(State& state) const {
  if (!exists_at(content_.top(), kNamesFile)) return {};
  const std::string text = PLIMSOLL_TRY(read_file_at(content_.top(), kNamesFile, kMostBytes));
  const json::Document document =
      PLIMSOLL_TRY(in(kNamesFile, json::parse(text, {.bytes = kMostBytes})));
  std::string failed;
  model::Reader reader(document.root, kNamesFile, failed);
  reader("names", state.names);
  reader("parents", state.parents);
  if (!failed.empty()) return invalid_input("decode", failed);
  // A name without its image: the program died between two files.
  std::erase_if(state.names, [&](const auto& each) { return !state.images.contains(each.second); });
  std::erase_if(state.parents,
                [&](const auto& each) { return !state.images.contains(each.first); });
  return {};
}

Catalog::Ptr Catalog::current() const {
  const std::lock_guard lock(reading_);
  return state_;
}

Result<> Catalog::commit(State next) {
  const Ptr now = current();
  const auto write_names = [&]() -> Result<> {
    if (next.names == now->names && next.parents == now->parents) return {};
    return replace_file(content_.top(), kNamesFile, names_document(next.names, next.parents));
  };
  const auto write_index = [&]() -> Result<> {
    const auto same = [](const auto& a, const auto& b) { return a.first == b.first; };
    if (std::ranges::equal(next.images, now->images, same) && exists_at(content_.top(), kIndexFile))
      return {};
    Index index;
    for (const auto& [id, entry] : next.images)
      index.manifests.push_back({.media_type = entry.manifest.media_type,
                                 .digest = entry.manifest_digest,
                                 .size = entry.manifest_size,
                                 .os = entry.image.os,
                                 .architecture = entry.image.architecture});
    return replace_file(content_.top(), kIndexFile, encode(index));
  };
  // What is gone loses its names first, what is new has its image first.
  if (next.images.size() < now->images.size()) {
    PLIMSOLL_TRY(write_names());
    PLIMSOLL_TRY(write_index());
  } else {
    PLIMSOLL_TRY(write_index());
    PLIMSOLL_TRY(write_names());
  }
  auto state = std::make_shared<const State>(std::move(next));
  const std::lock_guard lock(reading_);
  state_ = std::move(state);
  return {};
}

model::Answer<std::string> Catalog::add(const Addition& addition, Pins& pins) {
  Entry entry;
  entry.manifest = addition.manifest;
  entry.image = PLIMSOLL_TRY(decode_image(addition.config_json));
  if (entry.image.layers.size() != entry.manifest.layers.size())
    return model::refuse(model::Refused::kInvalid,
                         "invalid image: layers and diff ids do not agree");
  std::string id = PLIMSOLL_TRY(content_.put_blob(addition.config_json, pins));
  entry.image.id = id;
  entry.manifest.config.digest = id;
  entry.manifest.config.size = addition.config_json.size();
  const std::string manifest =
      addition.manifest_json.empty() ? encode(entry.manifest) : addition.manifest_json;
  entry.manifest_digest = PLIMSOLL_TRY(content_.put_blob(manifest, pins));
  entry.manifest_size = manifest.size();
  for (const std::string& layer : entry.image.layers) {
    const LayerInfo info = PLIMSOLL_TRY(content_.find_layer(layer));
    entry.image.size += info.bytes;
  }
  const std::lock_guard lock(writing_);
  State next = *current();
  next.images.try_emplace(id, std::move(entry));
  for (const std::string& name : addition.names) next.names.insert_or_assign(name, id);
  if (!addition.parent.empty()) next.parents.insert_or_assign(id, addition.parent);
  PLIMSOLL_TRY(commit(std::move(next)));
  return id;
}

std::set<std::string> Catalog::needed() const {
  std::set<std::string> needed;
  const Ptr state = current();
  for (const auto& [id, entry] : state->images) {
    needed.insert(id);
    needed.insert(entry.manifest_digest);
    for (const Descriptor& layer : entry.manifest.layers) needed.insert(layer.digest);
    for (const std::string& layer : entry.image.layers) needed.insert(short_key(layer));
  }
  return needed;
}

}  // namespace plimsoll::image
