// Which images there are, and what they are called.
//
// index.json lists the manifests, names.json the names: "docker.io/library/busybox:latest" and
// "docker.io/library/busybox@sha256:..." to ids, and ids to their parents. Each is replaced as a
// whole; an image is in the index before it has a name, and has none before it leaves. Thread: any.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/image/content.h"
#include "runtime/image/documents.h"
#include "runtime/image/reference.h"
#include "runtime/image/store.h"

namespace plimsoll::image {

struct Entry {
  Image image;  // Names and parent are filled in by whoever hands it out.
  std::string manifest_digest;
  std::uint64_t manifest_size = 0;
  Manifest manifest;
};

using InUse = std::multimap<std::string, std::string>;  // Ids of images to a container's.

class Catalog {
 public:
  // Reads what is there; an image whose documents are damaged is logged and left out.
  [[nodiscard]] static Result<std::unique_ptr<Catalog>> open(Content& content);

  [[nodiscard]] model::Answer<Entry> find(std::string_view reference) const;
  [[nodiscard]] std::vector<Image> list() const;

  // "docker.io/library/busybox:latest" ... of "docker.io/library/busybox".
  [[nodiscard]] std::vector<std::string> tags_in(std::string_view repository) const;

  // The image that consists of these layers (keys, topmost first); empty: there is none.
  [[nodiscard]] std::string id_with(const std::vector<std::string>& lowers) const;

  // Writes the documents of an image whose layers (and their blobs) are in the store, and names it.
  // `manifest` has its layers; what is in `config_json` decides the id, which is the answer.
  struct Addition {
    std::string config_json;
    Manifest manifest;
    std::vector<std::string> names;  // "docker.io/library/x:tag", "...@sha256:..."
    std::string parent;
    std::string manifest_json;  // As it came; empty: written from `manifest`.
  };
  [[nodiscard]] model::Answer<std::string> add(const Addition& addition, Pins& pins);

  [[nodiscard]] model::Answer<> tag(std::string_view reference, std::string_view repository,
                                    std::string_view tag);
  // One more name of an image that may be gone by now: then it is kNotFound.
  [[nodiscard]] model::Answer<> name_digest(const std::string& id, const std::string& name);
  [[nodiscard]] model::Answer<Removed> remove(std::string_view reference, bool force,
                                              bool prune_parents, const InUse& in_use);
  [[nodiscard]] model::Answer<Removed> prune(bool all, const InUse& in_use,
                                             const Store::Chosen& chosen);

  // What images need: digests of blobs and keys of layers.
  [[nodiscard]] std::set<std::string> needed() const;

 private:
  struct State {
    std::map<std::string, Entry> images;
    std::map<std::string, std::string> names;
    std::map<std::string, std::string> parents;
  };
  using Ptr = std::shared_ptr<const State>;

  explicit Catalog(Content& content) : content_(content), state_(std::make_shared<State>()) {}
  [[nodiscard]] Ptr current() const;
  [[nodiscard]] Result<Entry> read(const std::string& digest) const;
  [[nodiscard]] Result<> read_names(State& state) const;
  // Writes what has changed and makes it the current state; the caller holds the mutex.
  [[nodiscard]] Result<> commit(State next);
  [[nodiscard]] static Image named(const State& state, const Entry& entry);
  [[nodiscard]] static model::Answer<std::string> id_of(const State& state,
                                                        std::string_view reference);
  static std::vector<std::string> names_of(const State& state, const std::string& id);
  [[nodiscard]] static bool has_children(const State& state, const std::string& id);
  // Takes the image with its names out of the state, then parents that nobody names.
  static void drop(State& state, const std::string& id, bool prune_parents, const InUse& in_use,
                   Removed& removed);

  Content& content_;
  mutable std::mutex reading_;  // Of state_ only: readers never wait for a disk.
  std::mutex writing_;
  Ptr state_;
};

}  // namespace plimsoll::image
