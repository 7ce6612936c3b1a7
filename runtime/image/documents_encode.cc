#include "base/json.h"
#include "runtime/image/documents.h"
#include "runtime/model/fields.h"

namespace plimsoll::image {

namespace {

using model::Empty;
using model::Writer;

constexpr auto kPlatform = [](Writer& visit, const Descriptor& value) {
  visit("architecture", value.architecture);
  visit("os", value.os);
  visit("variant", value.variant, Empty::kOmitted);
};

constexpr auto kDescriptor = [](Writer& visit, const Descriptor& value) {
  visit("mediaType", value.media_type);
  visit("digest", value.digest);
  visit("size", value.size);
  visit("annotations", value.annotations, Empty::kOmitted);
  visit.group("platform", value, !value.os.empty() || !value.architecture.empty(), kPlatform);
};

constexpr auto kHistory = [](Writer& visit, const History& value) {
  visit("created", value.created, Empty::kOmitted);
  visit("created_by", value.created_by, Empty::kOmitted);
  visit("comment", value.comment, Empty::kOmitted);
  visit("empty_layer", value.empty_layer, Empty::kOmitted);
};

constexpr auto kRootfs = [](Writer& visit, const Image& value) {
  visit("type", std::string("layers"));
  visit("diff_ids", value.layers, Empty::kPlain);
};

}  // namespace

std::string encode(const Manifest& manifest) {
  std::string text;
  Writer writer(text);
  writer("schemaVersion", 2);
  writer("mediaType", manifest.media_type);
  writer.group("config", manifest.config, true, kDescriptor);
  writer.objects("layers", manifest.layers, kDescriptor);
  writer.close();
  return text;
}

std::string encode(const Index& index) {
  std::string text;
  Writer writer(text);
  writer("schemaVersion", 2);
  writer("mediaType", std::string(media::kIndex));
  writer.objects("manifests", index.manifests, kDescriptor);
  writer.close();
  return text;
}

std::string encode(const Image& image) {
  std::string text;
  Writer writer(text);
  writer("architecture", image.architecture);
  writer("author", image.author, Empty::kOmitted);
  writer("comment", image.comment, Empty::kOmitted);
  writer.group("config", image.config, true, model::fields::config);
  writer("created", image.created);
  writer.objects("history", image.history, kHistory);
  writer("os", image.os);
  writer.group("rootfs", image, true, kRootfs);
  writer.close();
  return text;
}

}  // namespace plimsoll::image
