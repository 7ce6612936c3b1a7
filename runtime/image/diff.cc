#include "runtime/image/diff.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/open_in_root.h"
#include "runtime/image/disk.h"
#include "runtime/image/vfs.h"

namespace plimsoll::image {

namespace {

using Stat = struct stat;

bool is_whiteout(const Stat& status) {
  return S_ISCHR(status.st_mode) && status.st_rdev == 0;
}

std::optional<Stat> stat_of(const DirFd& directory, const std::string& name) {
  Stat status{};
  if (::fstatat(directory.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
    return std::nullopt;
  return status;
}

DirFd enter(const DirFd& directory, const std::string& name) {
  return DirFd(
      ::openat(directory.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

// One directory as the layers below show it, topmost first.
class Below {
 public:
  Below() = default;
  explicit Below(std::vector<DirFd> layers) : layers_(std::move(layers)) {}

  [[nodiscard]] std::optional<Stat> find(const std::string& name) const {
    for (const DirFd& layer : layers_) {
      const std::optional<Stat> status = stat_of(layer, name);
      if (status) return is_whiteout(*status) ? std::nullopt : status;
    }
    return std::nullopt;
  }
  [[nodiscard]] Below inside(const std::string& name) const {
    std::vector<DirFd> layers;
    for (const DirFd& layer : layers_) {
      const std::optional<Stat> status = stat_of(layer, name);
      if (!status) continue;
      if (!S_ISDIR(status->st_mode)) break;
      DirFd directory = enter(layer, name);
      if (!directory) break;
      const bool hides = is_opaque(directory);
      layers.push_back(std::move(directory));
      if (hides) break;
    }
    return Below(std::move(layers));
  }
  [[nodiscard]] Result<std::set<std::string>> names() const {
    std::set<std::string> names;
    for (const DirFd& layer : layers_) {
      const std::vector<std::string> here = PLIMSOLL_TRY(names_in(layer));
      names.insert(here.begin(), here.end());
    }
    std::erase_if(names, [this](const std::string& name) { return !find(name); });
    return names;
  }

 private:
  std::vector<DirFd> layers_;
};

bool same(const Stat& a, const Stat& b) {
  const bool is_directory = S_ISDIR(a.st_mode);
  return a.st_mode == b.st_mode && a.st_uid == b.st_uid && a.st_gid == b.st_gid &&
         a.st_rdev == b.st_rdev && (is_directory || a.st_size == b.st_size) &&
         a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

// What the engine put into a copied tree for its mounts.
bool is_mount_point(const std::string& path) {
  constexpr std::array kPaths = {
      "/.dockerenv",   "/dev",       "/dev/console", "/dev/pts",         "/dev/shm", "/etc",
      "/etc/hostname", "/etc/hosts", "/etc/mtab",    "/etc/resolv.conf", "/proc",    "/sys"};
  return std::ranges::find(kPaths, path) != kPaths.end();
}

class Walk {
 public:
  explicit Walk(bool is_whole) : is_whole_(is_whole) {}

  // True: something was added to or deleted from the directory itself.
  Result<bool> directory(const DirFd& upper, const Below& below, const std::string& path) {
    bool touched = false;
    const std::vector<std::string> names = PLIMSOLL_TRY(names_in(upper));
    for (const std::string& name : names) {
      const std::optional<Stat> now = stat_of(upper, name);
      if (!now) continue;
      const bool changed = PLIMSOLL_TRY(entry(upper, below, path + "/" + name, name, *now));
      touched = touched || changed;
    }
    // An upper directory that hides all below it is one of whose names the rest are deleted.
    if (!is_whole_ && !is_opaque(upper)) return touched;
    const std::set<std::string> before = PLIMSOLL_TRY(below.names());
    for (const std::string& name : before) {
      if (std::ranges::binary_search(names, name)) continue;
      changes_.push_back({Change::Kind::kDeleted, path + "/" + name});
      touched = true;
    }
    return touched;
  }
  [[nodiscard]] std::vector<Change> take() {
    std::ranges::sort(changes_, {}, &Change::path);
    return std::move(changes_);
  }

 private:
  Result<bool> entry(const DirFd& upper, const Below& below, const std::string& path,
                     const std::string& name, const Stat& now) {
    const std::optional<Stat> before = below.find(name);
    if (!is_whole_ && is_whiteout(now)) {
      if (before) changes_.push_back({Change::Kind::kDeleted, path});
      return before.has_value();
    }
    const bool hidden = is_whole_ && !before && is_mount_point(path);
    if (!before && !hidden) changes_.push_back({Change::Kind::kAdded, path});
    if (!S_ISDIR(now.st_mode)) {
      // What overlayfs has copied up was written to, or was about to be.
      if (before && !(is_whole_ && same(*before, now)))
        changes_.push_back({Change::Kind::kModified, path});
      return !before && !hidden;
    }
    const DirFd inner = enter(upper, name);
    if (!inner) return false;
    const bool was_directory = before && S_ISDIR(before->st_mode);
    const bool touched =
        PLIMSOLL_TRY(directory(inner, was_directory ? below.inside(name) : Below(), path));
    const bool is_ours = is_whole_ && is_mount_point(path);
    if (before && (touched || (!is_ours && !same(*before, now))))
      changes_.push_back({Change::Kind::kModified, path});
    return !before && !hidden;
  }

  bool is_whole_;
  std::vector<Change> changes_;
};

Result<> add_bytes(const DirFd& directory, std::set<std::pair<dev_t, ino_t>>& seen,
                   std::uint64_t& bytes) {
  const std::vector<std::string> names = PLIMSOLL_TRY(names_in(directory));
  for (const std::string& name : names) {
    const std::optional<Stat> status = stat_of(directory, name);
    if (!status) continue;
    if (S_ISDIR(status->st_mode)) {
      const DirFd inner = enter(directory, name);
      if (inner) PLIMSOLL_TRY(add_bytes(inner, seen, bytes));
    } else if (S_ISREG(status->st_mode) &&
               (status->st_nlink == 1 || seen.emplace(status->st_dev, status->st_ino).second)) {
      bytes += static_cast<std::uint64_t>(status->st_size);
    }
  }
  return {};
}

Result<std::vector<DirFd>> copies_of(const std::vector<DirFd>& directories) {
  std::vector<DirFd> copies;
  for (const DirFd& directory : directories) {
    DirFd copy = PLIMSOLL_TRY(reopen(directory));
    copies.push_back(std::move(copy));
  }
  return copies;
}

struct Place {
  DirFd directory;
  std::string name;
};

Result<Place> place_of(const DirFd& root, const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string above = path.substr(0, slash);
  Fd directory =
      PLIMSOLL_TRY(open_in_root(root, above.empty() ? "." : above, O_RDONLY | O_DIRECTORY));
  return Place{DirFd(directory.release()), path.substr(slash + 1)};
}

}  // namespace

Result<std::vector<Change>> changes_of(const Roots::Parts& parts) {
  std::vector<DirFd> lower = PLIMSOLL_TRY(copies_of(parts.lower));
  Walk walk(parts.is_whole);
  PLIMSOLL_TRY(walk.directory(parts.upper, Below(std::move(lower)), ""));
  return walk.take();
}

Result<std::uint64_t> bytes_below(const DirFd& directory) {
  std::uint64_t bytes = 0;
  std::set<std::pair<dev_t, ino_t>> seen;
  PLIMSOLL_TRY(add_bytes(directory, seen, bytes));
  return bytes;
}

Result<std::uint64_t> bytes_changed(const Roots::Parts& parts) {
  if (!parts.is_whole) return bytes_below(parts.upper);
  std::uint64_t bytes = 0;
  const std::vector<Change> changes = PLIMSOLL_TRY(changes_of(parts));
  for (const Change& change : changes) {
    if (change.kind == Change::Kind::kDeleted) continue;
    const Result<Place> place = place_of(parts.upper, change.path);
    if (!place) continue;
    const std::optional<Stat> status = stat_of(place->directory, place->name);
    if (status && S_ISREG(status->st_mode)) bytes += static_cast<std::uint64_t>(status->st_size);
  }
  return bytes;
}

Result<> write_layer(const Roots::Parts& parts, const Sink& sink) {
  TarWriter writer(sink);
  if (!parts.is_whole) {
    PLIMSOLL_TRY(writer.add_below(parts.upper, "", TarWriter::Whiteouts::kAsLayersHave));
    return writer.finish();
  }
  const std::vector<Change> changes = PLIMSOLL_TRY(changes_of(parts));
  for (const Change& change : changes) {
    const std::string path = change.path.substr(1);
    if (change.kind == Change::Kind::kDeleted) {
      const std::size_t slash = path.rfind('/');
      const std::size_t at = slash == std::string::npos ? 0 : slash + 1;
      PLIMSOLL_TRY(writer.add_text(path.substr(0, at) + ".wh." + path.substr(at), "", 0));
      continue;
    }
    const Place place = PLIMSOLL_TRY(place_of(parts.upper, change.path));
    PLIMSOLL_TRY(writer.add(place.directory, place.name, path));
  }
  return writer.finish();
}

}  // namespace plimsoll::image
