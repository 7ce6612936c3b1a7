// File systems of containers: a writable directory over an image's layers.
//
//   bases/<key>/lowers   the layers of an image, topmost first; bases/<key>/d what a container
//   needs
//                        to be there (/dev, /proc, /etc/hosts ...), made once per image
//   roots/<container>/   base -> <key>, upper, work, merged (overlay2); or base, tree (vfs)
// Nothing of a root is synced: each is one rename, and its base was synced when it was made.
// Thread: any, but of one container one at a time.
#pragma once

#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "runtime/image/content.h"
#include "runtime/image/store.h"

namespace plimsoll::image {

class Roots {
 public:
  // `driver`: empty for what works here.
  [[nodiscard]] static Result<std::unique_ptr<Roots>> open(Content& content,
                                                           const std::string& driver);
  [[nodiscard]] const std::string& driver() const { return driver_; }

  // `layers`: diff ids, lowest first; pinned by the caller.
  [[nodiscard]] Result<> make(const std::string& container, const std::vector<std::string>& layers);
  [[nodiscard]] Result<std::string> mount(const std::string& container);
  [[nodiscard]] Result<> unmount(const std::string& container);
  [[nodiscard]] Result<> remove(const std::string& container);
  [[nodiscard]] std::vector<std::string> list() const;
  [[nodiscard]] Result<RootInfo> info(const std::string& container) const;

  // What a container's file system consists of.
  struct Parts {
    std::vector<DirFd> lower;  // Topmost first; what containers need to be there is the first.
    DirFd upper;               // What was written; or, of vfs, the whole tree.
    bool is_whole = false;
  };
  [[nodiscard]] Result<Parts> parts(const std::string& container) const;
  [[nodiscard]] Result<std::vector<std::string>> lowers(const std::string& container) const;

  // Keys of the layers that roots need. Removes bases that no root stands on and that have a layer
  // which `images` do not.
  [[nodiscard]] Result<std::set<std::string>> collect(const std::set<std::string>& images);

 private:
  Roots(Content& content, DirFd bases, DirFd roots, std::string path)
      : content_(content),
        bases_(std::move(bases)),
        roots_(std::move(roots)),
        path_(std::move(path)) {}
  [[nodiscard]] Result<> probe();
  [[nodiscard]] Result<std::string> base_for(const std::vector<std::string>& layers);
  [[nodiscard]] Result<> make_base(const std::string& key, const std::vector<std::string>& lower);
  [[nodiscard]] Result<std::string> base_of(const std::string& container) const;
  [[nodiscard]] Result<std::vector<std::string>> lowers_of_base(const std::string& base) const;
  [[nodiscard]] Result<DirFd> open_root_dir(const std::string& container) const;
  [[nodiscard]] std::string path_in(const std::string& container, const char* name) const;

  Content& content_;
  DirFd bases_;
  DirFd roots_;
  std::string path_;  // Of the store.
  std::string driver_;
  std::mutex making_;  // Bases are made and stood on one at a time, not while some are removed.
};

// What a container's mounts lie on, where the image does not have it. Nothing is followed that is a
// link: where one stands, the image has decided.
[[nodiscard]] Result<> make_mount_points(const DirFd& root);

}  // namespace plimsoll::image
