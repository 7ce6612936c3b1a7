// What becomes of containers' file systems: images, archives, figures.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/rollback.h"
#include "base/text.h"
#include "runtime/image/diff.h"
#include "runtime/image/digest.h"
#include "runtime/image/disk.h"
#include "runtime/image/disk_store.h"
#include "runtime/image/incoming.h"
#include "runtime/image/overlay.h"

namespace plimsoll::image {

Result<Sizes> DiskStore::root_sizes(const std::string& container) const {
  const Roots::Parts parts = PLIMSOLL_TRY(roots_->parts(container));
  Sizes sizes;
  sizes.writable = PLIMSOLL_TRY(bytes_changed(parts));
  if (parts.is_whole) {
    sizes.root = PLIMSOLL_TRY(bytes_below(parts.upper));
    return sizes;
  }
  sizes.root = sizes.writable;
  const std::vector<std::string> lowers = PLIMSOLL_TRY(roots_->lowers(container));
  for (const std::string& key : lowers) {
    const std::uint64_t bytes = PLIMSOLL_TRY(content_->layer_bytes(key));
    sizes.root += bytes;
  }
  return sizes;
}

Result<std::vector<Change>> DiskStore::changes(const std::string& container) const {
  const Roots::Parts parts = PLIMSOLL_TRY(roots_->parts(container));
  return changes_of(parts);
}

model::Answer<> DiskStore::export_root(const std::string& container, const Sink& sink) const {
  const RootInfo info = PLIMSOLL_TRY(roots_->info(container));
  const bool was_mounted = is_overlay(info.mount_point);
  const std::string path = PLIMSOLL_TRY(roots_->mount(container));
  Rollback unmounting;
  if (!was_mounted)
    unmounting.on_failure(
        [&] { [[maybe_unused]] const Result<> done = roots_->unmount(container); });
  const DirFd root(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) return std::unexpected(model::Refusal(os_failure("open", path).error()));
  TarWriter writer(sink);
  PLIMSOLL_TRY(writer.add_below(root, "", TarWriter::Whiteouts::kAsTheyStand));
  PLIMSOLL_TRY(writer.finish());
  return {};
}

model::Answer<std::string> DiskStore::commit(const std::string& container,
                                             const CommitOptions& options) {
  return settled(commit_root(container, options));
}

model::Answer<std::string> DiskStore::commit_root(const std::string& container,
                                                  const CommitOptions& options) {
  Catalog::Addition addition;
  if (!options.reference.empty()) {
    const Reference name = PLIMSOLL_TRY(parse_tagged(options.reference));
    if (!name.digest.empty())
      return model::refuse(model::Refused::kInvalid, "cannot commit to digest reference");
    addition.names.push_back(name.repository() + ":" + name.tag);
  }
  Pins pins(*content_);
  Image image;
  std::string parent = options.parent;
  if (parent.empty()) {
    const std::vector<std::string> lowers = PLIMSOLL_TRY(roots_->lowers(container));
    parent = catalog_->id_with(lowers);
  }
  if (!parent.empty()) {
    const Entry wanted = PLIMSOLL_TRY(catalog_->find(parent));
    for (const Descriptor& layer : wanted.manifest.layers) pins.add(layer.digest);
    for (const std::string& layer : wanted.image.layers) pins.add(short_key(layer));
    const Entry entry = PLIMSOLL_TRY(catalog_->find(wanted.image.id));
    image = entry.image;
    addition.manifest = entry.manifest;
    addition.parent = entry.image.id;
  } else {
    addition.manifest.media_type = media::kManifest;
    addition.manifest.config.media_type = media::kConfig;
    image.architecture = host_architecture();
    image.os = "linux";
  }
  const Staging staging = PLIMSOLL_TRY(content_->stage());
  const Fd file(
      ::openat(staging.fd().get(), "layer.tar", O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600));
  if (!file) return std::unexpected(model::Refusal(os_failure("openat", "layer.tar").error()));
  const Roots::Parts parts = PLIMSOLL_TRY(roots_->parts(container));
  Hasher hasher;
  Result<> written;
  Result<> done = write_layer(parts, [&](std::string_view bytes) {
    hasher.update(bytes);
    written = write_all(file, bytes);
    return written.has_value();
  });
  PLIMSOLL_TRY(written);
  PLIMSOLL_TRY(done);
  const std::string digest = hasher.finish();
  Descriptor layer = PLIMSOLL_TRY(add_layer_blob(*content_, file, digest, digest, pins));
  addition.manifest.layers.push_back(std::move(layer));
  image.layers.push_back(digest);
  if (image.layers.size() > kMostLayers)
    return model::refuse(model::Refused::kFailed, "max depth exceeded");
  image.created = rfc3339(RealClock().wall());
  image.author = options.author;
  image.comment = options.comment;
  image.config = options.config;
  std::string command;
  for (const std::string& word : options.config.cmd.value_or(std::vector<std::string>()))
    command += (command.empty() ? "" : " ") + word;
  image.history.push_back({image.created, command, options.comment, false});
  addition.config_json = encode(image);
  return catalog_->add(addition, pins);
}

}  // namespace plimsoll::image
