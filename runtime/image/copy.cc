// `docker cp`: single paths of a container's file system, which the container may change meanwhile.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include "base/open_in_root.h"
#include "base/text.h"
#include "runtime/image/disk.h"
#include "runtime/image/store.h"
#include "runtime/image/tar_writer.h"
#include "runtime/image/unpacker.h"

namespace plimsoll::image {

namespace {

using model::refuse;
using model::Refused;

// "/a/b/" is "/a" and "b". The last name is looked at, not followed.
struct Target {
  DirFd parent;
  std::string name;  // ".": the root.
};

std::string trimmed(std::string_view path) {
  std::string text(path);
  while (text.ends_with("/.")) text.resize(text.size() - 1);
  while (text.ends_with('/')) text.pop_back();
  return text;
}

std::unexpected<model::Refusal> not_found(std::string_view path) {
  return refuse(Refused::kNotFound, "Could not find the file " + std::string(path));
}

model::Answer<DirFd> directory_at(const DirFd& root, const std::string& path,
                                  std::string_view shown) {
  Result<Fd> found = open_in_root(root, path.empty() ? "." : path, O_RDONLY | O_DIRECTORY);
  if (found) return DirFd(found->release());
  const int os_error = found.error().os_error;
  if (os_error == ENOENT || os_error == ENOTDIR) return not_found(shown);
  return std::unexpected(model::Refusal(found.error()));
}

model::Answer<Target> find(const DirFd& root, std::string_view path) {
  const std::string text = trimmed(path);
  const std::size_t slash = text.rfind('/');
  std::string name = slash == std::string::npos ? text : text.substr(slash + 1);
  const std::string above = slash == std::string::npos ? "" : text.substr(0, slash);
  if (name.empty() || name == "." || name == "..") {
    DirFd directory = PLIMSOLL_TRY(directory_at(root, text, path));
    return Target{std::move(directory), "."};
  }
  DirFd parent = PLIMSOLL_TRY(directory_at(root, above, path));
  return Target{std::move(parent), std::move(name)};
}

// "/a/b" of what a link means, seen from the container.
std::string link_target(const Target& target) {
  const Result<std::string> text = read_link(target.parent, target.name);
  return text ? *text : std::string();
}

std::string name_of(std::string_view path) {
  const std::string text = trimmed(path);
  const std::string name = text.substr(text.rfind('/') + 1);
  return name.empty() || name == "." || name == ".." ? "/" : name;
}

}  // namespace

model::Answer<PathStat> stat_in_root(const DirFd& root, std::string_view path) {
  const Target target = PLIMSOLL_TRY(find(root, path));
  struct stat status{};
  if (::fstatat(target.parent.get(), target.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return not_found(path);
    return std::unexpected(model::Refusal(os_failure("fstatat", path).error()));
  }
  PathStat stat{.name = name_of(path), .size = status.st_size, .mode = status.st_mode};
  const auto time = std::chrono::seconds(status.st_mtim.tv_sec) +
                    std::chrono::nanoseconds(status.st_mtim.tv_nsec);
  stat.mtime = rfc3339(WallTime(time));
  if (S_ISLNK(status.st_mode)) {
    stat.link_target = link_target(target);
    // Relative to where the link lies: clients see absolute paths.
    if (!stat.link_target.starts_with('/')) {
      const std::string text = trimmed(path);
      stat.link_target = text.substr(0, text.rfind('/') + 1) + stat.link_target;
    }
  }
  return stat;
}

model::Answer<> tar_out(const DirFd& root, std::string_view path, const Sink& sink) {
  const Target target = PLIMSOLL_TRY(find(root, path));
  TarWriter writer(sink);
  struct stat status{};
  if (::fstatat(target.parent.get(), target.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return not_found(path);
    return std::unexpected(model::Refusal(os_failure("fstatat", path).error()));
  }
  // "dir/." asks for what is in it, under its name.
  const std::string name = name_of(path);
  if (S_ISDIR(status.st_mode)) {
    const DirFd directory(::openat(target.parent.get(), target.name.c_str(),
                                   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!directory) return not_found(path);
    PLIMSOLL_TRY(writer.add_directory(directory, name == "/" ? "./" : name));
    PLIMSOLL_TRY(
        writer.add_below(directory, name == "/" ? "" : name, TarWriter::Whiteouts::kAsTheyStand));
  } else {
    PLIMSOLL_TRY(writer.add(target.parent, target.name, name));
  }
  PLIMSOLL_TRY(writer.finish());
  return {};
}

model::Answer<> tar_in(const DirFd& root, std::string_view path, const Fd& archive,
                       TarInOptions options) {
  const std::string text = trimmed(path);
  // Followed, the last name too: it is where things go.
  PLIMSOLL_TRY(directory_at(root, text, path));
  std::vector<std::string> words;
  const std::size_t start = text.find_first_not_of('/');
  if (start != std::string::npos) words = {"--below", text.substr(start)};
  if (options.no_overwrite_dir_non_dir) words.emplace_back("--no-overwrite-dir-non-dir");
  if (options.uid) words.insert(words.end(), {"--uid", std::to_string(*options.uid)});
  if (options.gid) words.insert(words.end(), {"--gid", std::to_string(*options.gid)});
  const DirFd readable = PLIMSOLL_TRY(reopen(root));
  PLIMSOLL_TRY(Unpacker(Unpacker::default_program()).tree(archive, readable, std::move(words)));
  return {};
}

}  // namespace plimsoll::image
