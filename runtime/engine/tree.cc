// A container's file system for others: as it sees it, and as a new image.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>
#include <tuple>
#include <utility>

#include "base/fill_in.h"
#include "base/log.h"
#include "base/open_in_root.h"
#include "runtime/engine/dockerfile_changes.h"
#include "runtime/engine/engine_impl.h"
#include "runtime/engine/names.h"
#include "runtime/engine/user.h"

namespace plimsoll::engine {

using model::Answer;
using model::refuse;
using model::Refused;

namespace {

struct Held {
  DirFd root;
  Fd space;  // Keeps the mounts.
};

// The tree of a container that does not run: its root with its volumes, in a mount namespace that
// lives as long as somebody holds it. A thread of its own, since it cannot come back from there.
Result<Held> assemble(const std::string& path, const std::vector<Place>& places) {
  Result<Held> result = failure(ErrorKind::kIo, "tree", "nothing was assembled");
  std::thread([&] {
    result = [&]() -> Result<Held> {
      if (::unshare(CLONE_FS | CLONE_NEWNS) != 0) return os_failure("unshare", path);
      if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        return os_failure("mount", "/");
      const DirFd root(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
      if (!root) return os_failure("open", path);
      for (const Place& place : places) {
        if (place.point.type == "tmpfs") continue;
        const auto target = open_in_root(root, place.point.destination, O_PATH);
        if (!target) continue;  // Made when it starts: nothing was ever there.
        const std::string there = "/proc/self/fd/" + std::to_string(target->get());
        if (::mount(place.point.source.c_str(), there.c_str(), nullptr, MS_BIND | MS_REC,
                    nullptr) != 0)
          return os_failure("mount", place.point.destination);
      }
      Held held;
      held.root = DirFd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      if (!held.root) return os_failure("open", path);
      held.space = Fd(::open("/proc/thread-self/ns/mnt", O_RDONLY | O_CLOEXEC));
      if (!held.space) return os_failure("open", "/proc/thread-self/ns/mnt");
      return held;
    }();
  }).join();
  return result;
}

}  // namespace

Answer<Engine::Tree> EngineImpl::tree(std::string_view reference) {
  const EntryPtr entry = PLIMSOLL_TRY(entry_of(reference));
  const Lock held = PLIMSOLL_TRY(lock(*entry));
  if (entry->run) {
    const std::string path = fill_in("/proc/{}/root", entry->stored.container.state.pid);
    DirFd root(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (root) return Tree{std::move(root), nullptr};
  }
  const std::string path = PLIMSOLL_TRY(images_->mount_root(entry->id));
  auto assembled = assemble(path, entry->stored.places);
  // The host's mount stays with the tree: a start meanwhile must find it, and not make another.
  const auto let_go = [this, entry](const Fd* space) {
    delete space;
    pool_->post([this, entry] {
      const Lock again(entry->change);
      if (entry->run || entry->gone) return;
      const auto unmounted = images_->unmount_root(entry->id);
      if (!unmounted) log::warn(unmounted.error().message());
    });
  };
  const std::shared_ptr<Fd> space(new Fd(assembled ? std::move(assembled->space) : Fd()), let_go);
  if (!assembled) return std::unexpected(model::Refusal(assembled.error()));
  return Tree{std::move(assembled->root), space};
}

Answer<Engine::Owner> EngineImpl::owner_in(const Tree& tree, const std::string& user) const {
  const Identity identity = PLIMSOLL_TRY(find_user_in(tree.root, user, {}));
  return Owner{identity.uid, identity.gid};
}

Answer<std::string> EngineImpl::import_tree(const Fd& archive, const ImportRequest& request,
                                            const image::Report& report) {
  model::Config config;
  PLIMSOLL_TRY(apply_changes(request.changes, config));
  return images_->import_tree(archive, request.reference, request.message, config, report);
}

Answer<std::string> EngineImpl::commit(std::string_view reference, const CommitRequest& request) {
  const EntryPtr entry = PLIMSOLL_TRY(entry_of(reference));
  const Lock held = PLIMSOLL_TRY(lock(*entry));
  const Container& container = entry->stored.container;
  if (entry->stored.phase == Stored::Phase::kRemoving)
    return refuse(Refused::kConflict,
                  fill_in("You cannot commit container {} which is being removed", container.id));
  image::CommitOptions options;
  options.reference = request.reference;
  options.author = request.author;
  options.comment = request.comment;
  options.config = container.definition.config;
  if (request.config) options.config = merge_over(*request.config, std::move(options.config));
  PLIMSOLL_TRY(apply_changes(request.changes, options.config));
  // Its own name is not the image's.
  if (options.config.hostname == short_id(container.id)) options.config.hostname.clear();
  const bool pauses = request.pause && container.state.status == Status::kRunning;
  if (pauses) PLIMSOLL_TRY(runtime::pause(*host_, entry->id));
  auto committed = images_->commit(entry->id, options);
  if (pauses) {
    const auto resumed = runtime::resume(*host_, entry->id);
    if (!resumed) log::error("container " + short_id(entry->id) + ": " + resumed.error().message());
  }
  if (committed)
    tell_about(
        container, "commit",
        {{"comment", request.comment}, {"imageID", *committed}, {"imageRef", request.reference}});
  return committed;
}

}  // namespace plimsoll::engine
