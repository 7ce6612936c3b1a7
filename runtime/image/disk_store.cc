#include "runtime/image/disk_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include "base/log.h"
#include "runtime/image/digest.h"
#include "runtime/image/disk.h"
#include "runtime/image/incoming.h"
#include "runtime/image/registry/transfer.h"

namespace plimsoll::image {

namespace {

// With its parents, which are nobody's secret.
Result<DirFd> make_directory(const std::string& path) {
  for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1))
    if (::mkdir(path.substr(0, at).c_str(), 0755) != 0 && errno != EEXIST)
      return os_failure("mkdir", path.substr(0, at));
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return os_failure("mkdir", path);
  DirFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return os_failure("open", path);
  // Below it are set-user-id programs and devices of strangers: for root's eyes.
  if (::fchmod(directory.get(), 0700) != 0) return os_failure("fchmod", path);
  return directory;
}

Result<Fd> take_lock(const DirFd& directory, const std::string& path) {
  Fd file(::openat(directory.get(), "lock", O_CREAT | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return os_failure("openat", path + "/lock");
  // What an engine that was killed had just begun to start holds its lock until it is a program of
  // its own.
  constexpr int kTries = 250;
  constexpr std::chrono::milliseconds kPause(20);
  for (int i = 0; i < kTries; ++i) {
    if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return file;
    if (errno != EWOULDBLOCK) return os_failure("flock", path + "/lock");
    std::this_thread::sleep_for(kPause);
  }
  return failure(ErrorKind::kBusy, "flock", path + " is in use by another engine");
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const std::string& directory, const std::string& driver,
                                           RegistryOptions registries) {
  return DiskStore::open({.directory = directory,
                          .driver = driver,
                          .unpacker = Unpacker(Unpacker::default_program()),
                          .registry = std::move(registries)});
}

Result<std::unique_ptr<DiskStore>> DiskStore::open(Options options) {
  DirFd top = PLIMSOLL_TRY(make_directory(options.directory));
  Fd locked = PLIMSOLL_TRY(take_lock(top, options.directory));
  auto content = std::make_unique<Content>(std::move(top), std::move(options.unpacker));
  PLIMSOLL_TRY(content->prepare());
  std::unique_ptr<DiskStore> store(
      new DiskStore(std::move(locked), std::move(options.registry), std::move(content)));
  store->catalog_ = PLIMSOLL_TRY(Catalog::open(*store->content_));
  store->roots_ = PLIMSOLL_TRY(Roots::open(*store->content_, options.driver));
  // What an operation had put there when its program died.
  PLIMSOLL_TRY(store->collect());
  return store;
}

Result<std::uint64_t> DiskStore::collect() {
  return content_->collect([this]() -> Result<std::set<std::string>> {
    std::set<std::string> needed = catalog_->needed();
    const std::set<std::string> of_roots = PLIMSOLL_TRY(roots_->collect(needed));
    needed.insert(of_roots.begin(), of_roots.end());
    return needed;
  });
}

template <class T>
model::Answer<T> DiskStore::settled(model::Answer<T> answer) {
  if (answer) return answer;
  const Result<std::uint64_t> collected = collect();
  if (!collected) log::warn("the store could not be tidied: " + collected.error().message());
  return answer;
}

model::Answer<Image> DiskStore::find(std::string_view reference) const {
  Entry entry = PLIMSOLL_TRY(catalog_->find(reference));
  return std::move(entry.image);
}

std::vector<Image> DiskStore::list() const {
  return catalog_->list();
}

model::Answer<> DiskStore::tag(std::string_view reference, std::string_view repository,
                               std::string_view tag) {
  return catalog_->tag(reference, repository, tag);
}

model::Answer<Removed> DiskStore::remove(std::string_view reference, bool force, bool prune_parents,
                                         const InUse& in_use) {
  Removed removed = PLIMSOLL_TRY(catalog_->remove(reference, force, prune_parents, in_use));
  if (!removed.deleted.empty()) removed.reclaimed = PLIMSOLL_TRY(collect());
  return removed;
}

model::Answer<Removed> DiskStore::prune(bool all, const InUse& in_use, const Chosen& chosen) {
  Removed removed = PLIMSOLL_TRY(catalog_->prune(all, in_use, chosen));
  if (!removed.deleted.empty()) removed.reclaimed = PLIMSOLL_TRY(collect());
  return removed;
}

model::Answer<std::vector<std::string>> DiskStore::load(const Fd& archive, const Report& report) {
  return settled(load_archive(*content_, *catalog_, archive, report));
}

model::Answer<std::string> DiskStore::import_tree(const Fd& archive, const std::string& reference,
                                                  const std::string& message,
                                                  const model::Config& config,
                                                  const Report& report) {
  model::Answer<std::string> id =
      settled(import_layer(*content_, *catalog_, archive, {reference, message, config}));
  // It is done either way: whether somebody still listens changes nothing.
  if (id) [[maybe_unused]]
    const bool heard = report({.status = *id});
  return id;
}

model::Answer<> DiskStore::pull(const std::string& reference, const Credentials& credentials,
                                const Report& report) {
  return settled(registry::pull(*content_, *catalog_, reference, credentials, report, registry_));
}

model::Answer<> DiskStore::push(const std::string& reference, const Credentials& credentials,
                                const Report& report) {
  return registry::push(*content_, *catalog_, reference, credentials, report, registry_);
}

model::Answer<std::string> DiskStore::login(const std::string& registry,
                                            const Credentials& credentials) {
  return registry::login(registry, credentials, registry_);
}

model::Answer<> DiskStore::make_root(const std::string& container, const std::string& image_id) {
  std::vector<std::string> layers;
  Pins pins(*content_);
  if (!image_id.empty()) {
    const Entry wanted = PLIMSOLL_TRY(catalog_->find(image_id));
    for (const std::string& layer : wanted.image.layers) pins.add(short_key(layer));
    // Once more: it may have been removed before they were held.
    const Entry entry = PLIMSOLL_TRY(catalog_->find(wanted.image.id));
    layers = entry.image.layers;
  }
  PLIMSOLL_TRY(roots_->make(container, layers));
  return {};
}

Result<std::string> DiskStore::mount_root(const std::string& container) {
  return roots_->mount(container);
}

Result<> DiskStore::unmount_root(const std::string& container) {
  return roots_->unmount(container);
}

Result<> DiskStore::remove_root(const std::string& container) {
  return roots_->remove(container);
}

std::vector<std::string> DiskStore::roots() const {
  return roots_->list();
}

Result<RootInfo> DiskStore::root_info(const std::string& container) const {
  return roots_->info(container);
}

}  // namespace plimsoll::image
