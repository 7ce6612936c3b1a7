#include "runtime/image/content.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/number.h"
#include "base/open_in_root.h"
#include "base/read_file.h"
#include "base/text.h"
#include "runtime/image/digest.h"
#include "runtime/image/disk.h"

namespace plimsoll::image {

namespace {

constexpr std::size_t kMostDocument = std::size_t{8} << 20U;
constexpr const char* kTree = "d";
constexpr const char* kId = "id";
constexpr std::string_view kLayout = "{\"imageLayoutVersion\":\"1.0.0\"}";

// The unpacking process may not: trusted.* needs CAP_SYS_ADMIN.
Result<> mark_opaque(const DirFd& tree, const std::vector<std::string>& directories) {
  for (const std::string& path : directories) {
    const Fd directory =
        PLIMSOLL_TRY(open_in_root(tree, path.empty() ? "." : path, O_RDONLY | O_DIRECTORY));
    if (::fsetxattr(directory.get(), "trusted.overlay.opaque", "y", 1, 0) != 0)
      return os_failure("fsetxattr", path);
  }
  return {};
}

Result<> sync_all(const DirFd& directory) {
  const DirFd readable = PLIMSOLL_TRY(reopen(directory));
  if (::syncfs(readable.get()) != 0) return os_failure("syncfs", "a layer");
  return {};
}

}  // namespace

Staging::~Staging() {
  if (!content_) return;
  fd_.reset();
  // Left over, it is swept by the next open().
  [[maybe_unused]] const Result<> taken = content_->trash_->take(content_->staging_, name_);
}

Pins::~Pins() {
  if (!content_) return;
  const std::lock_guard lock(content_->mutex_);
  for (const std::string& name : names_) content_->pinned_.extract(name);
}

void Pins::add(const std::string& name) {
  names_.insert(name);
  const std::lock_guard lock(content_->mutex_);
  content_->pinned_.insert(name);
}

Content::Content(DirFd top, Unpacker unpacker)
    : top_(std::move(top)), unpacker_(std::move(unpacker)) {}

Result<> Content::prepare() {
  {
    const DirFd blobs = PLIMSOLL_TRY(make_dir_at(top_, "blobs"));
    blobs_ = PLIMSOLL_TRY(make_dir_at(blobs, "sha256"));
  }
  layers_ = PLIMSOLL_TRY(make_dir_at(top_, "layers"));
  staging_ = PLIMSOLL_TRY(make_dir_at(top_, "staging"));
  DirFd trash = PLIMSOLL_TRY(make_dir_at(top_, "trash"));
  trash_ = PLIMSOLL_TRY(Trash::open(std::move(trash)));
  const std::vector<std::string> left = PLIMSOLL_TRY(names_in(staging_));
  for (const std::string& name : left) PLIMSOLL_TRY(trash_->take(staging_, name));
  if (!exists_at(top_, "oci-layout")) PLIMSOLL_TRY(replace_file(top_, "oci-layout", kLayout));
  return {};
}

Result<Staging> Content::stage() {
  std::string name = std::to_string(next_++);
  DirFd directory = PLIMSOLL_TRY(make_dir_at(staging_, name));
  return Staging(*this, std::move(name), std::move(directory));
}

bool Content::has_blob(const std::string& digest) const {
  return is_digest(digest) && exists_at(blobs_, std::string(hex_of(digest)));
}

Result<Fd> Content::open_blob(const std::string& digest) const {
  if (!is_digest(digest)) return invalid_input("digest", digest);
  return in("blob " + digest, open_at(blobs_, std::string(hex_of(digest)).c_str(), O_RDONLY));
}

Result<std::string> Content::read_blob(const std::string& digest) const {
  if (!is_digest(digest)) return invalid_input("digest", digest);
  return in("blob " + digest,
            read_file_at(blobs_, std::string(hex_of(digest)).c_str(), kMostDocument));
}

Result<std::string> Content::put_blob(std::string_view text, Pins& pins) {
  std::string digest = digest_of(text);
  pins.add(digest);
  if (has_blob(digest)) return digest;
  const Staging staging = PLIMSOLL_TRY(stage());
  PLIMSOLL_TRY(write_new(staging.fd(), "blob", text));
  const Fd file = PLIMSOLL_TRY(open_at(staging.fd(), "blob", O_RDONLY));
  PLIMSOLL_TRY(link_blob(file, digest));
  return digest;
}

Result<> Content::adopt_blob(const Fd& file, const std::string& digest, Pins& pins) {
  pins.add(digest);
  if (has_blob(digest)) return {};
  if (::fsync(file.get()) != 0) return os_failure("fsync", "a blob");
  if (::fchown(file.get(), 0, 0) != 0 && errno != EPERM) return os_failure("fchown", "a blob");
  if (::fchmod(file.get(), 0600) != 0) return os_failure("fchmod", "a blob");
  return link_blob(file, digest);
}

Result<> Content::link_blob(const Fd& file, const std::string& digest) {
  const std::string path = "/proc/self/fd/" + std::to_string(file.get());
  const std::string name(hex_of(digest));
  if (::linkat(AT_FDCWD, path.c_str(), blobs_.get(), name.c_str(), AT_SYMLINK_FOLLOW) != 0 &&
      errno != EEXIST)
    return os_failure("linkat", "blob " + digest);
  return sync(blobs_);
}

Result<LayerInfo> Content::read_layer(const std::string& key) const {
  LayerInfo info;
  info.key = key;
  const DirFd layer = PLIMSOLL_TRY(open_dir_at(layers_, key.c_str()));
  const std::string text = PLIMSOLL_TRY(in("layer " + key, read_file_at(layer, kId)));
  std::string_view rest = text;
  std::string_view word;
  // "sha256:... 1234"
  if (!next_word(rest, word)) return malformed(text);
  const auto bytes = to_number<std::uint64_t>(trim(rest));
  if (!bytes) return malformed(text);
  info.diff_id = word;
  info.bytes = *bytes;
  return info;
}

Result<LayerInfo> Content::find_layer(const std::string& diff_id) const {
  LayerInfo info = PLIMSOLL_TRY(read_layer(short_key(diff_id)));
  if (info.diff_id != diff_id) return malformed(info.diff_id);
  return info;
}

Result<std::uint64_t> Content::layer_bytes(const std::string& key) const {
  const LayerInfo info = PLIMSOLL_TRY(read_layer(key));
  return info.bytes;
}

Result<LayerInfo> Content::add_layer(const Fd& archive, const std::string& expected, Pins& pins) {
  if (!expected.empty()) {
    pins.add(short_key(expected));
    Result<LayerInfo> known = find_layer(expected);
    if (known) return known;
  }
  const Staging staging = PLIMSOLL_TRY(stage());
  {
    const DirFd layer = PLIMSOLL_TRY(make_dir_at(staging.fd(), "layer"));
    const DirFd tree = PLIMSOLL_TRY(make_dir_at(layer, kTree, 0755));
    const Unpacked unpacked = PLIMSOLL_TRY(unpacker_.layer(archive, tree));
    if (!expected.empty() && unpacked.digest != expected)
      return invalid_input(
          "layer", "the diff id is " + unpacked.digest + ", but the image says " + expected);
    LayerInfo info{unpacked.digest, short_key(unpacked.digest), unpacked.bytes};
    if (expected.empty()) pins.add(info.key);
    PLIMSOLL_TRY(mark_opaque(tree, unpacked.opaque));
    PLIMSOLL_TRY(write_new(layer, kId, info.diff_id + " " + std::to_string(info.bytes) + "\n"));
    PLIMSOLL_TRY(sync_all(layer));
    if (::renameat2(staging.fd().get(), "layer", layers_.get(), info.key.c_str(),
                    RENAME_NOREPLACE) != 0 &&
        errno != EEXIST)  // Somebody else has unpacked it meanwhile.
      return os_failure("renameat2", "layer " + info.diff_id);
    PLIMSOLL_TRY(sync(layers_));
    return info;
  }
}

Result<std::uint64_t> Content::collect(const Needed& needed) {
  const std::lock_guard lock(mutex_);
  const std::set<std::string> kept = PLIMSOLL_TRY(needed());
  std::uint64_t bytes = 0;
  const std::vector<std::string> blobs = PLIMSOLL_TRY(names_in(blobs_));
  for (const std::string& name : blobs) {
    const std::string digest = "sha256:" + name;
    if (kept.contains(digest) || pinned_.contains(digest)) continue;
    struct stat status{};
    if (::fstatat(blobs_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0)
      bytes += static_cast<std::uint64_t>(status.st_size);
    if (::unlinkat(blobs_.get(), name.c_str(), 0) != 0 && errno != ENOENT)
      return os_failure("unlinkat", digest);
  }
  const std::vector<std::string> layers = PLIMSOLL_TRY(names_in(layers_));
  for (const std::string& key : layers)
    if (!kept.contains(key) && !pinned_.contains(key)) PLIMSOLL_TRY(trash_->take(layers_, key));
  return bytes;
}

}  // namespace plimsoll::image
