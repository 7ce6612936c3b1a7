#include "runtime/image/roots.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/log.h"
#include "base/read_file.h"
#include "base/rollback.h"
#include "base/text.h"
#include "runtime/image/digest.h"
#include "runtime/image/disk.h"
#include "runtime/image/overlay.h"
#include "runtime/image/passing.h"
#include "runtime/image/vfs.h"

namespace plimsoll::image {

namespace {

constexpr const char* kOverlay2 = "overlay2";
constexpr const char* kVfs = "vfs";
constexpr const char* kTree = "tree";
constexpr const char* kLowers = "lowers";

// Relative to the directory of layers, topmost first.
std::vector<std::string> paths_of(const std::vector<std::string>& lowers) {
  std::vector<std::string> paths;
  paths.reserve(lowers.size() + 1);
  for (const std::string& key : lowers) paths.push_back(key + "/d");
  return paths;
}

// The owner and mode of a merged directory are the upper's.
Result<> copy_root_of(const DirFd& from, const DirFd& to) {
  struct stat status{};
  if (::fstatat(from.get(), "", &status, AT_EMPTY_PATH) != 0) return os_failure("fstatat", "");
  if (::fchown(to.get(), status.st_uid, status.st_gid) != 0) return os_failure("fchown", "");
  if (::fchmod(to.get(), status.st_mode & 07777U) != 0) return os_failure("fchmod", "");
  return {};
}

// What the kernel leaves of a mount without syncs, and mounts nothing over. It is there for
// machines that went down meanwhile: no such root is mounted again after that.
Result<> forget_volatile(const DirFd& root) {
  if (!exists_at(root, "work/work/incompat")) return {};
  const DirFd work = PLIMSOLL_TRY(open_dir_at(root, "work/work"));
  return remove_tree(work, "incompat");
}

Result<> check_name(const std::string& container) {
  constexpr std::string_view kGood =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  if (container.empty() || container.find_first_not_of(kGood) != std::string::npos)
    return invalid_input("container", container);
  return {};
}

}  // namespace

Result<std::unique_ptr<Roots>> Roots::open(Content& content, const std::string& driver) {
  DirFd bases = PLIMSOLL_TRY(make_dir_at(content.top(), "bases"));
  DirFd roots = PLIMSOLL_TRY(make_dir_at(content.top(), "roots"));
  std::string path = PLIMSOLL_TRY(path_of(content.top()));
  std::unique_ptr<Roots> opened(
      new Roots(content, std::move(bases), std::move(roots), std::move(path)));
  if (!driver.empty() && driver != kOverlay2 && driver != kVfs)
    return invalid_input("storage driver", driver + ": there are overlay2 and vfs");
  opened->driver_ = driver.empty() ? kOverlay2 : driver;
  if (opened->driver_ == kVfs) return opened;
  const Result<> works = opened->probe();
  if (works) return opened;
  if (!driver.empty()) return Failure(works.error());
  log::warn("overlayfs cannot be used here, so that each container gets a copy of its image: " +
            works.error().message());
  opened->driver_ = kVfs;
  return opened;
}

Result<> Roots::probe() {
  const Staging staging = PLIMSOLL_TRY(content_.stage());
  for (const char* name : {"l", "u", "w", "m"}) PLIMSOLL_TRY(make_dir_at(staging.fd(), name));
  const std::string at = "../staging/" + staging.name() + "/";
  PLIMSOLL_TRY(mount_overlay(content_.layers(), {{at + "l"}, at + "u", at + "w", at + "m"}));
  return image::unmount(path_ + "/staging/" + staging.name() + "/m");
}

Result<std::string> Roots::base_for(const std::vector<std::string>& layers) {
  std::vector<std::string> lower;
  std::string all = driver_;
  for (const std::string& layer : layers) {
    lower.insert(lower.begin(), short_key(layer));
    all += '\n' + layer;
  }
  std::string key = short_key(all);
  if (!exists_at(bases_, key)) PLIMSOLL_TRY(make_base(key, lower));
  return key;
}

Result<> Roots::make_base(const std::string& key, const std::vector<std::string>& lower) {
  const Staging staging = PLIMSOLL_TRY(content_.stage());
  const DirFd base = PLIMSOLL_TRY(make_dir_at(staging.fd(), "base"));
  const DirFd tree = PLIMSOLL_TRY(make_dir_at(base, "d", 0755));
  std::string text;
  for (const std::string& each : lower) text += each + "\n";
  PLIMSOLL_TRY(write_new(base, kLowers, text));
  if (!lower.empty()) {
    const DirFd layer = PLIMSOLL_TRY(open_dir_at(content_.layers(), lower.front().c_str()));
    const DirFd top = PLIMSOLL_TRY(open_dir_at(layer, "d"));
    PLIMSOLL_TRY(copy_root_of(top, tree));
  }
  if (driver_ == kOverlay2 && lower.empty()) {
    PLIMSOLL_TRY(make_mount_points(tree));
  } else if (driver_ == kOverlay2) {
    for (const char* name : {"w", "m"}) PLIMSOLL_TRY(make_dir_at(staging.fd(), name));
    const std::string at = "../staging/" + staging.name() + "/";
    PLIMSOLL_TRY(
        mount_overlay(content_.layers(), {paths_of(lower), at + "base/d", at + "w", at + "m"}));
    const std::string merged = path_ + "/staging/" + staging.name() + "/m";
    Rollback undo;
    undo.on_failure([&] { [[maybe_unused]] const Result<> done = image::unmount(merged); });
    {
      const DirFd root = PLIMSOLL_TRY(open_dir(merged.c_str()));
      PLIMSOLL_TRY(make_mount_points(root));
    }
    PLIMSOLL_TRY(image::unmount(merged));
    undo.commit();
  }
  const DirFd readable = PLIMSOLL_TRY(reopen(base));
  if (::syncfs(readable.get()) != 0) return os_failure("syncfs", "a base");
  if (::renameat2(staging.fd().get(), "base", bases_.get(), key.c_str(), RENAME_NOREPLACE) != 0)
    return os_failure("renameat2", "a base");
  return sync(bases_);
}

Result<> Roots::make(const std::string& container, const std::vector<std::string>& layers) {
  PLIMSOLL_TRY(check_name(container));
  if (exists_at(roots_, container))
    return failure(ErrorKind::kBusy, "make", "there is a root of " + container + " already");
  const std::lock_guard lock(making_);
  const std::string key = PLIMSOLL_TRY(base_for(layers));
  const Staging staging = PLIMSOLL_TRY(content_.stage());
  const DirFd root = PLIMSOLL_TRY(make_dir_at(staging.fd(), "root", 0755));
  if (::symlinkat(key.c_str(), root.get(), "base") != 0) return os_failure("symlinkat", "base");
  const DirFd base = PLIMSOLL_TRY(open_dir_at(bases_, key.c_str()));
  const DirFd base_tree = PLIMSOLL_TRY(open_dir_at(base, "d"));
  if (driver_ == kOverlay2) {
    for (const char* name : {"work", "merged"}) PLIMSOLL_TRY(make_dir_at(root, name));
    const DirFd upper = PLIMSOLL_TRY(make_dir_at(root, "upper"));
    PLIMSOLL_TRY(copy_root_of(base_tree, upper));
  } else {
    const DirFd tree = PLIMSOLL_TRY(make_dir_at(root, kTree));
    for (const std::string& layer : layers) {
      const DirFd directory =
          PLIMSOLL_TRY(open_dir_at(content_.layers(), short_key(layer).c_str()));
      DirFd from = PLIMSOLL_TRY(open_dir_at(directory, "d"));
      from = PLIMSOLL_TRY(reopen(from));
      PLIMSOLL_TRY(copy_over(from, tree));
    }
    PLIMSOLL_TRY(make_mount_points(tree));
    PLIMSOLL_TRY(copy_root_of(base_tree, tree));
  }
  if (::renameat2(staging.fd().get(), "root", roots_.get(), container.c_str(), RENAME_NOREPLACE) !=
      0)
    return os_failure("renameat2", "the root of " + container);
  return {};
}

std::string Roots::path_in(const std::string& container, const char* name) const {
  return path_ + "/roots/" + container + "/" + name;
}

Result<DirFd> Roots::open_root_dir(const std::string& container) const {
  PLIMSOLL_TRY(check_name(container));
  return in("the root of " + container, open_dir_at(roots_, container.c_str()));
}

Result<std::string> Roots::base_of(const std::string& container) const {
  const DirFd root = PLIMSOLL_TRY(open_root_dir(container));
  return read_link(root, "base");
}

Result<std::vector<std::string>> Roots::lowers_of_base(const std::string& base) const {
  const DirFd directory = PLIMSOLL_TRY(open_dir_at(bases_, base.c_str()));
  const std::string text = PLIMSOLL_TRY(in("base " + base, read_file_at(directory, kLowers)));
  std::vector<std::string> lowers;
  std::string_view rest = text;
  for (std::string_view line; next_line(rest, line);) lowers.emplace_back(line);
  return lowers;
}

Result<std::vector<std::string>> Roots::lowers(const std::string& container) const {
  const std::string base = PLIMSOLL_TRY(base_of(container));
  return lowers_of_base(base);
}

Result<std::string> Roots::mount(const std::string& container) {
  const DirFd root = PLIMSOLL_TRY(open_root_dir(container));
  if (exists_at(root, kTree)) return path_in(container, kTree);
  std::string merged = path_in(container, "merged");
  if (is_overlay(merged)) return merged;
  const std::string base = PLIMSOLL_TRY(read_link(root, "base"));
  const std::vector<std::string> lowers = PLIMSOLL_TRY(lowers_of_base(base));
  OverlayMount mount{paths_of(lowers)};
  mount.lower.insert(mount.lower.begin(), "../bases/" + base + "/d");
  const std::string at = "../roots/" + container + "/";
  mount.upper = at + "upper";
  mount.work = at + "work";
  mount.target = at + "merged";
  mount.is_volatile = exists_at(root, kPassing);
  PLIMSOLL_TRY(forget_volatile(root));
  PLIMSOLL_TRY(mount_overlay(content_.layers(), mount));
  return merged;
}

Result<> Roots::unmount(const std::string& container) {
  PLIMSOLL_TRY(check_name(container));
  return image::unmount(path_in(container, "merged"));
}

Result<> Roots::remove(const std::string& container) {
  // Here and not in the background: a program that ends meanwhile would leave the mount behind.
  PLIMSOLL_TRY(unmount(container));
  return content_.trash().take(roots_, container);
}

std::vector<std::string> Roots::list() const {
  const Result<std::vector<std::string>> names = names_in(roots_);
  return names ? *names : std::vector<std::string>();
}

Result<std::set<std::string>> Roots::collect(const std::set<std::string>& images) {
  const std::lock_guard lock(making_);
  std::set<std::string> used;
  const std::vector<std::string> containers = PLIMSOLL_TRY(names_in(roots_));
  for (const std::string& container : containers) {
    const std::string base = PLIMSOLL_TRY(base_of(container));
    used.insert(base);
  }
  std::set<std::string> needed;
  const std::vector<std::string> bases = PLIMSOLL_TRY(names_in(bases_));
  for (const std::string& base : bases) {
    const std::vector<std::string> lowers = PLIMSOLL_TRY(lowers_of_base(base));
    if (used.contains(base)) {
      needed.insert(lowers.begin(), lowers.end());
    } else if (!std::ranges::all_of(lowers,
                                    [&](const std::string& key) { return images.contains(key); })) {
      PLIMSOLL_TRY(content_.trash().take(bases_, base));
    }
  }
  return needed;
}

Result<RootInfo> Roots::info(const std::string& container) const {
  const DirFd root = PLIMSOLL_TRY(open_root_dir(container));
  if (exists_at(root, kTree)) {
    std::string tree = path_in(container, kTree);
    return RootInfo{kVfs, {{"RootDir", tree}}, tree};
  }
  RootInfo info{kOverlay2, {}, path_in(container, "merged")};
  const std::string base = PLIMSOLL_TRY(read_link(root, "base"));
  const std::vector<std::string> lowers = PLIMSOLL_TRY(lowers_of_base(base));
  std::string& lower = info.data["LowerDir"];
  lower = path_ + "/bases/" + base + "/d";
  for (const std::string& each : paths_of(lowers)) lower += ":" + path_ + "/layers/" + each;
  info.data["UpperDir"] = path_in(container, "upper");
  info.data["WorkDir"] = path_in(container, "work");
  info.data["MergedDir"] = info.mount_point;
  return info;
}

Result<Roots::Parts> Roots::parts(const std::string& container) const {
  const DirFd root = PLIMSOLL_TRY(open_root_dir(container));
  Parts parts;
  parts.is_whole = exists_at(root, kTree);
  parts.upper = PLIMSOLL_TRY(open_dir_at(root, parts.is_whole ? kTree : "upper"));
  parts.upper = PLIMSOLL_TRY(reopen(parts.upper));
  const std::string base = PLIMSOLL_TRY(read_link(root, "base"));
  const auto add = [&](const DirFd& parent, const std::string& name) -> Result<> {
    const DirFd directory = PLIMSOLL_TRY(open_dir_at(parent, name.c_str()));
    DirFd tree = PLIMSOLL_TRY(open_dir_at(directory, "d"));
    tree = PLIMSOLL_TRY(reopen(tree));
    parts.lower.push_back(std::move(tree));
    return {};
  };
  PLIMSOLL_TRY(add(bases_, base));
  const std::vector<std::string> lowers = PLIMSOLL_TRY(lowers_of_base(base));
  for (const std::string& key : lowers) PLIMSOLL_TRY(add(content_.layers(), key));
  return parts;
}

}  // namespace plimsoll::image
