// The store on a disk: what store.h promises, put together of content, names and roots.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "runtime/image/catalog.h"
#include "runtime/image/content.h"
#include "runtime/image/registry/client.h"
#include "runtime/image/roots.h"
#include "runtime/image/store.h"

namespace plimsoll::image {

class DiskStore final : public Store {
 public:
  struct Options {
    std::string directory;
    std::string driver;
    Unpacker unpacker;
    registry::Options registry = {};
  };
  [[nodiscard]] static Result<std::unique_ptr<DiskStore>> open(Options options);

  [[nodiscard]] const std::string& driver() const override { return roots_->driver(); }
  [[nodiscard]] model::Answer<Image> find(std::string_view reference) const override;
  [[nodiscard]] std::vector<Image> list() const override;
  [[nodiscard]] model::Answer<> tag(std::string_view reference, std::string_view repository,
                                    std::string_view tag) override;
  [[nodiscard]] model::Answer<Removed> remove(std::string_view reference, bool force,
                                              bool prune_parents, const InUse& in_use) override;
  [[nodiscard]] model::Answer<Removed> prune(bool all, const InUse& in_use,
                                             const Chosen& chosen) override;
  [[nodiscard]] model::Answer<std::vector<std::string>> load(const Fd& archive,
                                                             const Report& report) override;
  [[nodiscard]] model::Answer<std::string> import_tree(const Fd& archive,
                                                       const std::string& reference,
                                                       const std::string& message,
                                                       const model::Config& config,
                                                       const Report& report) override;
  [[nodiscard]] model::Answer<> save(const std::vector<std::string>& references,
                                     const Sink& sink) const override;
  [[nodiscard]] model::Answer<> pull(const std::string& reference, const Credentials& credentials,
                                     const Report& report) override;
  [[nodiscard]] model::Answer<> push(const std::string& reference, const Credentials& credentials,
                                     const Report& report) override;
  [[nodiscard]] model::Answer<std::string> login(const std::string& registry,
                                                 const Credentials& credentials) override;
  [[nodiscard]] model::Answer<> make_root(const std::string& container,
                                          const std::string& image_id) override;
  [[nodiscard]] Result<std::string> mount_root(const std::string& container) override;
  [[nodiscard]] Result<> unmount_root(const std::string& container) override;
  [[nodiscard]] Result<> remove_root(const std::string& container) override;
  [[nodiscard]] std::vector<std::string> roots() const override;
  [[nodiscard]] Result<RootInfo> root_info(const std::string& container) const override;
  [[nodiscard]] Result<Sizes> root_sizes(const std::string& container) const override;
  [[nodiscard]] Result<std::vector<Change>> changes(const std::string& container) const override;
  [[nodiscard]] model::Answer<std::string> commit(const std::string& container,
                                                  const CommitOptions& options) override;
  [[nodiscard]] model::Answer<> export_root(const std::string& container,
                                            const Sink& sink) const override;

 private:
  DiskStore(Fd lock, registry::Options registry, std::unique_ptr<Content> content)
      : lock_(std::move(lock)), registry_(std::move(registry)), content_(std::move(content)) {}
  // Removes what no image and no root needs; the bytes of blobs that went.
  Result<std::uint64_t> collect();
  [[nodiscard]] model::Answer<std::string> commit_root(const std::string& container,
                                                       const CommitOptions& options);
  // An operation that failed leaves nothing.
  template <class T>
  model::Answer<T> settled(model::Answer<T> answer);

  Fd lock_;
  registry::Options registry_;
  std::unique_ptr<Content> content_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<Roots> roots_;
};

}  // namespace plimsoll::image
