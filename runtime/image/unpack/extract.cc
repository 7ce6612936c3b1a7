#include "runtime/image/unpack/extract.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "base/open_in_root.h"
#include "runtime/image/disk.h"
#include "runtime/image/unpack/names.h"
#include "runtime/image/unpack/place.h"

namespace plimsoll::image::unpack {

namespace {

constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";
constexpr std::string_view kReserved = ".wh..wh.";  // Older file systems' own bookkeeping.

Failure refused(std::string_view name, std::string_view why) {
  return invalid_input("unpack", shown(name) + ": " + std::string(why));
}

class Extractor {
 public:
  Extractor(Stream& stream, const DirFd& root, const Options& options,
            const ReportOpaque& report_opaque)
      : stream_(stream), options_(options), report_opaque_(report_opaque), place_(root) {}

  Result<Extracted> run() {
    if (!options_.below.empty()) PLIMSOLL_TRY(place_.check_directory(options_.below));
    const Archive reader(::archive_read_new());
    PLIMSOLL_CHECK(reader != nullptr);
    if (::archive_read_support_format_tar(reader.get()) != ARCHIVE_OK ||
        ::archive_read_support_format_empty(reader.get()) != ARCHIVE_OK ||
        ::archive_read_open(reader.get(), this, nullptr, &Extractor::read, nullptr) != ARCHIVE_OK)
      return why(reader.get());
    for (;;) {
      archive_entry* entry = nullptr;
      const int found = ::archive_read_next_header(reader.get(), &entry);
      if (found == ARCHIVE_EOF) break;
      // A warning is a name that is not what the archive says, or worse.
      if (found != ARCHIVE_OK) return why(reader.get());
      if (++done_.entries > options_.limits.entries)
        return invalid_input("unpack",
                             "more than " + std::to_string(options_.limits.entries) + " entries");
      PLIMSOLL_TRY(extract_one(reader.get(), entry));
    }
    if (failure_) return Failure(*failure_);
    PLIMSOLL_TRY(set_times_of_directories());
    return done_;
  }

 private:
  static la_ssize_t read(archive* /*reader*/, void* self, const void** bytes) {
    auto* const extractor = static_cast<Extractor*>(self);
    Result<std::string_view> next = extractor->stream_.next();
    if (!next) {
      extractor->failure_ = next.error();
      return -1;
    }
    *bytes = next->data();
    return static_cast<la_ssize_t>(next->size());
  }

  Failure why(archive* reader) const {
    if (failure_) return Failure(*failure_);
    const char* const text = ::archive_error_string(reader);
    return invalid_input("read the archive", text == nullptr ? "damaged" : text);
  }

  Result<> extract_one(archive* reader, archive_entry* entry) {
    const char* const raw = ::archive_entry_pathname(entry);
    if (raw == nullptr) return invalid_input("unpack", "an entry without a name");
    std::string path = PLIMSOLL_TRY(clean(raw, options_.limits.depth));
    if (!options_.below.empty()) path = path.empty() ? options_.below : options_.below + "/" + path;
    const std::string name = split(path).name;
    if (options_.mode == Mode::kLayer && name.starts_with(kWhiteout)) return white_out(path, name);
    PLIMSOLL_TRY(in(shown(path), make(reader, entry, path)));
    return {};
  }

  // "a/.wh.b" deletes b of the layers below; "a/.wh..wh..opq" everything of theirs in a.
  Result<> white_out(const std::string& path, const std::string& name) {
    const std::string directory = split(path).directory;
    if (name == kOpaque) {
      PLIMSOLL_TRY(place_.parent(path));
      report_opaque_(directory);
      return {};
    }
    if (name.starts_with(kReserved)) return {};
    const std::string deleted = name.substr(kWhiteout.size());
    if (deleted.empty() || deleted == "." || deleted == "..")
      return refused(path, "marks no name as deleted");
    const DirFd parent = PLIMSOLL_TRY(in(shown(path), place_.parent(path)));
    const std::string hidden = directory.empty() ? deleted : directory + "/" + deleted;
    const std::optional<struct stat> there = PLIMSOLL_TRY(stat_at(parent, deleted));
    if (there) {
      // What this layer has itself stays: only what it would be merged with is hidden.
      if (S_ISDIR(there->st_mode)) report_opaque_(hidden);
      return {};
    }
    if (::mknodat(parent.get(), deleted.c_str(), S_IFCHR, 0) != 0)
      return os_failure("mknodat", shown(path));
    return {};
  }

  Result<> make(archive* reader, archive_entry* entry, const std::string& path) {
    const bool is_link = ::archive_entry_hardlink(entry) != nullptr;
    const unsigned type = is_link ? 0 : ::archive_entry_filetype(entry);
    if (path.empty() || path == options_.below) {
      if (type != AE_IFDIR) return invalid_input("unpack", "the root would be no directory");
      // Where the caller put it, it stands as it is.
      return options_.mode == Mode::kLayer ? finish_directory(entry, path) : Result<>();
    }
    const DirFd parent = PLIMSOLL_TRY(place_.parent(path));
    const std::string name = split(path).name;
    const std::optional<struct stat> there = PLIMSOLL_TRY(stat_at(parent, name));
    if (there && !(S_ISDIR(there->st_mode) && type == AE_IFDIR))
      PLIMSOLL_TRY(make_way(parent, path, *there, type));
    if (is_link) return link(parent, name, ::archive_entry_hardlink(entry));
    switch (type) {
      case AE_IFREG:
        return write_file(reader, entry, parent, name);
      case AE_IFDIR:
        if (!(there && S_ISDIR(there->st_mode)) && ::mkdirat(parent.get(), name.c_str(), 0700) != 0)
          return os_failure("mkdirat", name);
        return finish_directory(entry, path);
      case AE_IFLNK:
        return make_link(entry, parent, name);
      case AE_IFCHR:
      case AE_IFBLK:
      case AE_IFIFO:
        return make_node(entry, parent, name, type);
      default:
        return invalid_input("unpack", "an entry of a kind that is not unpacked");
    }
  }

  Result<> make_way(const DirFd& parent, const std::string& path, const struct stat& there,
                    unsigned type) {
    const bool was_directory = S_ISDIR(there.st_mode);
    if (options_.no_overwrite_dir_non_dir && was_directory != (type == AE_IFDIR))
      return was_directory ? invalid_input("unpack", "cannot overwrite directory \"" + shown(path) +
                                                         "\" with non-directory")
                           : invalid_input("unpack", "cannot overwrite non-directory \"" +
                                                         shown(path) + "\" with directory");
    place_.forget();
    PLIMSOLL_TRY(remove_tree(parent, split(path).name));
    // The name was deleted, then made anew: nothing of the layers below shines through.
    if (options_.mode == Mode::kLayer && is_whiteout(there) && type == AE_IFDIR)
      report_opaque_(path);
    return {};
  }

  Result<> link(const DirFd& parent, const std::string& name, const char* raw) {
    std::string target = PLIMSOLL_TRY(clean(raw, options_.limits.depth));
    if (target.empty()) return invalid_input("unpack", "a hard link to the root");
    if (!options_.below.empty()) target = options_.below + "/" + target;
    const DirFd directory = PLIMSOLL_TRY(place_.existing(split(target).directory));
    // Without AT_SYMLINK_FOLLOW: a link to a symlink is a second symlink.
    if (::linkat(directory.get(), split(target).name.c_str(), parent.get(), name.c_str(), 0) != 0)
      return os_failure("linkat", "hard link to " + shown(target));
    return {};
  }

  Result<> write_file(archive* reader, archive_entry* entry, const DirFd& parent,
                      const std::string& name) {
    const la_int64_t size = ::archive_entry_size(entry);
    if (size < 0 || static_cast<std::uint64_t>(size) > options_.limits.bytes - done_.bytes)
      return invalid_input("unpack",
                           "longer than " + std::to_string(options_.limits.bytes) + " bytes");
    done_.bytes += static_cast<std::uint64_t>(size);
    const Fd file(::openat(parent.get(), name.c_str(),
                           O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return os_failure("openat", name);
    PLIMSOLL_TRY(copy_data(reader, file, size));
    // A hole at the end has no block.
    if (::ftruncate(file.get(), size) != 0) return os_failure("ftruncate", name);
    if (options_.mode == Mode::kFiles) return {};
    return finish(entry, file);
  }

  Result<> copy_data(archive* reader, const Fd& file, la_int64_t size) {
    for (;;) {
      const void* bytes = nullptr;
      std::size_t count = 0;
      la_int64_t offset = 0;
      const int got = ::archive_read_data_block(reader, &bytes, &count, &offset);
      if (got == ARCHIVE_EOF) return {};
      if (got != ARCHIVE_OK) return why(reader);
      if (offset < 0 || offset > size || static_cast<la_int64_t>(count) > size - offset)
        return invalid_input("unpack", "data beyond the file's end");
      const auto* next = static_cast<const char*>(bytes);
      while (count > 0) {
        const ssize_t n = ::pwrite(file.get(), next, count, offset);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return os_failure("pwrite", "");
        next += n;
        offset += n;
        count -= static_cast<std::size_t>(n);
      }
    }
  }

  Result<> make_link(archive_entry* entry, const DirFd& parent, const std::string& name) {
    const char* const target = ::archive_entry_symlink(entry);
    if (target == nullptr || *target == '\0')
      return invalid_input("unpack", "a symbolic link without a target");
    if (::symlinkat(target, parent.get(), name.c_str()) != 0) return os_failure("symlinkat", name);
    if (options_.mode == Mode::kFiles) return {};
    PLIMSOLL_TRY(give(entry, parent, name));
    return set_times(parent, name, times_of(entry));
  }

  Result<> make_node(archive_entry* entry, const DirFd& parent, const std::string& name,
                     unsigned type) {
    if (options_.mode == Mode::kFiles)
      return invalid_input("unpack", "a device or pipe among documents");
    const dev_t device = type == AE_IFIFO ? 0 : ::archive_entry_rdev(entry);
    // overlayfs would take it for a deleted name: who wants that says it as layers do.
    if (type == AE_IFCHR && device == 0)
      return invalid_input("unpack", "a character device 0:0, which marks deleted names");
    const mode_t mode = ::archive_entry_perm(entry);
    if (::mknodat(parent.get(), name.c_str(), type | 0600U, device) != 0)
      return os_failure("mknodat", name);
    PLIMSOLL_TRY(give(entry, parent, name));
    if (::fchmodat(parent.get(), name.c_str(), mode & 07777U, 0) != 0)
      return os_failure("fchmodat", name);
    return set_times(parent, name, times_of(entry));
  }

  Result<> finish_directory(archive_entry* entry, const std::string& path) {
    if (options_.mode == Mode::kFiles) return {};
    const DirFd directory = PLIMSOLL_TRY(place_.open_real(path));
    PLIMSOLL_TRY(finish(entry, directory));
    // What comes into it changes its time.
    times_.emplace_back(path, times_of(entry));
    return {};
  }

  // chown clears set-id bits and capabilities: those come after it.
  Result<> finish(archive_entry* entry, const Fd& file) {
    const Owner owner = PLIMSOLL_TRY(owner_of(entry));
    if (::fchown(file.get(), owner.uid, owner.gid) != 0) return os_failure("fchown", "");
    if (::fchmod(file.get(), ::archive_entry_perm(entry) & 07777U) != 0)
      return os_failure("fchmod", "");
    PLIMSOLL_TRY(set_attributes(entry, file, options_.limits));
    const std::array<timespec, 2> times = times_of(entry);
    if (::futimens(file.get(), times.data()) != 0) return os_failure("futimens", "");
    return {};
  }

  Result<> give(archive_entry* entry, const DirFd& parent, const std::string& name) {
    const Owner owner = PLIMSOLL_TRY(owner_of(entry));
    if (::fchownat(parent.get(), name.c_str(), owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW) != 0)
      return os_failure("fchownat", name);
    return {};
  }

  Result<Owner> owner_of(archive_entry* entry) const {
    Owner owner = PLIMSOLL_TRY(owner_in(entry));
    if (options_.uid) owner.uid = *options_.uid;
    if (options_.gid) owner.gid = *options_.gid;
    return owner;
  }

  Result<> set_times_of_directories() {
    for (auto next = times_.rbegin(); next != times_.rend(); ++next) {
      // It may have been replaced, by a file or a link, since.
      const Result<DirFd> directory = place_.open_real(next->first);
      if (directory && ::futimens(directory->get(), next->second.data()) != 0)
        return os_failure("futimens", next->first);
    }
    return {};
  }

  Stream& stream_;
  const Options& options_;
  const ReportOpaque& report_opaque_;
  Place place_;
  Extracted done_;
  std::optional<Error> failure_;
  std::vector<std::pair<std::string, std::array<timespec, 2>>> times_;
};

}  // namespace

Result<Extracted> extract(Stream& stream, const DirFd& root, const Options& options,
                          const ReportOpaque& report_opaque) {
  return Extractor(stream, root, options, report_opaque).run();
}

}  // namespace plimsoll::image::unpack
