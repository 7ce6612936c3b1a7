// What images are made of, on disk: blobs by digest, layers unpacked once, and a place for what is
// half done.
//
//   oci-layout, index.json, blobs/sha256/<digits>   an OCI image layout
//   layers/<key>/d        a layer's tree as overlayfs wants it; layers/<key>/id its diff id
//   staging/<n>, trash/<n> half made, half removed: emptied by the next open()
// Everything appears under its name by one rename, complete and synced. Thread: any.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "runtime/image/trash.h"
#include "runtime/image/unpacker.h"

namespace plimsoll::image {

class Content;

// A directory for an operation, gone with it.
class Staging {
 public:
  Staging(Staging&&) = default;
  Staging& operator=(Staging&&) = delete;
  ~Staging();
  [[nodiscard]] const DirFd& fd() const { return fd_; }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  friend class Content;
  Staging(Content& content, std::string name, DirFd fd)
      : content_(&content), name_(std::move(name)), fd_(std::move(fd)) {}
  struct Forget {
    void operator()(Content* /*content*/) const {}
  };
  std::unique_ptr<Content, Forget> content_;
  std::string name_;
  DirFd fd_;
};

// Names of blobs and layers that an operation has put or found, and that nothing refers to yet:
// collect() leaves them alone.
class Pins {
 public:
  explicit Pins(Content& content) : content_(&content) {}
  Pins(Pins&&) = default;
  Pins(const Pins&) = delete;
  Pins& operator=(Pins&&) = delete;
  Pins& operator=(const Pins&) = delete;
  ~Pins();
  void add(const std::string& name);

 private:
  struct Forget {
    void operator()(Content* /*content*/) const {}
  };
  std::unique_ptr<Content, Forget> content_;
  std::multiset<std::string> names_;
};

struct LayerInfo {
  std::string diff_id;
  std::string key;
  std::uint64_t bytes = 0;
};

class Content {
 public:
  Content(DirFd top, Unpacker unpacker);
  // Makes the directories and empties staging and trash.
  [[nodiscard]] Result<> prepare();
  [[nodiscard]] const DirFd& top() const { return top_; }
  [[nodiscard]] const DirFd& layers() const { return layers_; }
  [[nodiscard]] const Unpacker& unpacker() const { return unpacker_; }
  [[nodiscard]] Trash& trash() { return *trash_; }
  [[nodiscard]] Result<Staging> stage();

  // --- Blobs. ---
  [[nodiscard]] bool has_blob(const std::string& digest) const;
  [[nodiscard]] Result<Fd> open_blob(const std::string& digest) const;
  [[nodiscard]] Result<std::string> read_blob(const std::string& digest) const;
  [[nodiscard]] Result<std::string> put_blob(std::string_view text, Pins& pins);
  // A file of our own making whose digest the caller has computed. Links it, so it must lie on the
  // store's file system.
  [[nodiscard]] Result<> adopt_blob(const Fd& file, const std::string& digest, Pins& pins);

  // --- Layers. ---
  [[nodiscard]] Result<LayerInfo> find_layer(const std::string& diff_id) const;
  [[nodiscard]] Result<std::uint64_t> layer_bytes(const std::string& key) const;
  // Unpacks it unless it is there. `expected`: what the image says its diff id is; empty: whatever
  // it is.
  [[nodiscard]] Result<LayerInfo> add_layer(const Fd& archive, const std::string& expected,
                                            Pins& pins);

  // Removes blobs (digests) and layers (keys) that `needed` does not name and nobody has pinned.
  // It is asked when no pin can be let go of. The answer: the bytes of blobs that went.
  using Needed = std::function<Result<std::set<std::string>>()>;
  [[nodiscard]] Result<std::uint64_t> collect(const Needed& needed);

 private:
  friend class Pins;
  friend class Staging;
  [[nodiscard]] Result<LayerInfo> read_layer(const std::string& key) const;
  [[nodiscard]] Result<> link_blob(const Fd& file, const std::string& digest);

  DirFd top_;
  DirFd blobs_;
  DirFd layers_;
  DirFd staging_;
  Unpacker unpacker_;
  std::unique_ptr<Trash> trash_;
  mutable std::mutex mutex_;  // Of what follows; held while something is collected.
  std::multiset<std::string> pinned_;
  std::atomic<std::uint64_t> next_ = 0;
};

}  // namespace plimsoll::image
