// Images as Docker's API shows them.
#include <algorithm>

#include "base/glob.h"
#include "runtime/docker/images.h"
#include "runtime/model/json_writer.h"

namespace plimsoll::docker {

namespace {

using model::Empty;
using model::Writer;

std::string nothing_named(const std::string& separator) {
  return "<none>" + separator + "<none>";
}

}  // namespace

std::string summary_json(const image::Image& image, std::int64_t containers) {
  std::string out;
  Writer write(out);
  write("Containers", containers);
  write("Created", image.created_seconds);
  write("Id", image.id);
  write("Labels", image.config.labels, Empty::kNull);
  write("ParentId", image.parent);
  // Clients print what they find: an image without names has this one.
  const bool is_named = !image.repo_tags.empty() || !image.repo_digests.empty();
  write("RepoDigests", is_named ? image.repo_digests : std::vector<std::string>{nothing_named("@")},
        Empty::kPlain);
  write("RepoTags", is_named ? image.repo_tags : std::vector<std::string>{nothing_named(":")},
        Empty::kPlain);
  write("SharedSize", containers < 0 ? std::int64_t{-1} : std::int64_t{0});
  write("Size", image.size);
  write("VirtualSize", image.size);
  write.close();
  return out;
}

std::string inspect_json(const image::Image& image, const std::string& driver) {
  std::string out;
  Writer write(out);
  write("Id", image.id);
  write("RepoTags", image.repo_tags, Empty::kPlain);
  write("RepoDigests", image.repo_digests, Empty::kPlain);
  write("Parent", image.parent);
  write("Comment", image.comment);
  write("Created", image.created);
  write("Container", std::string());
  // What a container of one build step had; clients read the image's volumes there.
  write.constant("ContainerConfig", encode(image.config));
  write("DockerVersion", std::string());
  write("Author", image.author);
  write.constant("Config", encode(image.config));
  write("Architecture", image.architecture);
  write("Os", image.os);
  write("Size", image.size);
  write("VirtualSize", image.size);
  std::string graph;
  Writer inner(graph);
  inner.constant("Data", "null");
  inner("Name", driver);
  inner.close();
  write.constant("GraphDriver", graph);
  std::string layers;
  Writer root(layers);
  root("Type", std::string("layers"));
  root("Layers", image.layers, Empty::kPlain);
  root.close();
  write.constant("RootFS", layers);
  write.constant("Metadata", R"({"LastTagTime":"0001-01-01T00:00:00Z"})");
  write.close();
  return out;
}

// Newest first; only the last has the image's id, as it is the only one that exists.
std::string history_json(const image::Image& image) {
  std::string out = "[";
  for (auto step = image.history.rbegin(); step != image.history.rend(); ++step) {
    const bool is_newest = step == image.history.rbegin();
    out += is_newest ? "" : ",";
    Writer write(out);
    write("Comment", step->comment);
    write("Created", image.created_seconds);
    write("CreatedBy", step->created_by);
    write("Id", is_newest ? image.id : std::string("<missing>"));
    // Sizes of single layers are not kept; the whole stands with the newest step that has one.
    write("Size", is_newest ? image.size : std::uint64_t{0});
    write("Tags", is_newest ? image.repo_tags : std::vector<std::string>(), Empty::kNull);
    write.close();
  }
  if (image.history.empty()) {
    Writer write(out);
    write("Comment", image.comment);
    write("Created", image.created_seconds);
    write("CreatedBy", std::string());
    write("Id", image.id);
    write("Size", image.size);
    write("Tags", image.repo_tags, Empty::kNull);
    write.close();
  }
  return out + "]";
}

std::string removed_json(const image::Removed& removed) {
  std::string out = "[";
  const auto add = [&](const std::vector<std::string>& names, std::string_view key) {
    for (const std::string& name : names) {
      out += out.size() == 1 ? "" : ",";
      Writer write(out);
      write(key, name);
      write.close();
    }
  };
  add(removed.untagged, "Untagged");
  add(removed.deleted, "Deleted");
  return out + "]";
}

std::string reference_of(const std::string& name, const std::string& tag) {
  if (tag.empty()) return name;
  return name + (tag.find(':') == std::string::npos ? ":" : "@") + tag;
}

bool matches_reference(const std::string& name, const std::string& pattern) {
  const auto fits = [&](std::string_view text) {
    return text == pattern || glob_match(pattern, text);
  };
  if (fits(name)) return true;
  const std::size_t digest = name.find('@');
  if (digest != std::string::npos) return fits(name.substr(0, digest));
  const std::size_t tag = name.rfind(':');
  const bool has_tag = tag != std::string::npos && name.find('/', tag) == std::string::npos;
  return has_tag && fits(name.substr(0, tag));
}

}  // namespace plimsoll::docker
