// For tests of the API: containers, images, networks and volumes that are only told.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "runtime/engine/engine.h"

namespace plimsoll::docker::testing {

using model::Answer;
using model::Refused;

inline std::unexpected<model::Refusal> not_faked() {
  return model::refuse(Refused::kNotOffered, "not faked");
}

class FakeStore final : public image::Store {
 public:
  std::vector<image::Image> images;
  std::string driver_name = "overlay2";
  std::string loaded;                 // What came with load() or import_tree().
  image::Credentials credentials;     // Of the last pull, push, login.
  std::vector<std::string> calls;     // "tag a b:c", ...
  std::vector<image::Progress> told;  // Reported by what takes time.
  std::optional<model::Refusal> refusal;

  [[nodiscard]] const std::string& driver() const override { return driver_name; }
  [[nodiscard]] Answer<image::Image> find(std::string_view reference) const override;
  [[nodiscard]] std::vector<image::Image> list() const override { return images; }
  [[nodiscard]] Answer<> tag(std::string_view reference, std::string_view repository,
                             std::string_view tag) override;
  [[nodiscard]] Answer<image::Removed> remove(
      std::string_view reference, bool force, bool prune_parents,
      const std::multimap<std::string, std::string>& in_use) override;
  [[nodiscard]] Answer<image::Removed> prune(bool all,
                                             const std::multimap<std::string, std::string>& in_use,
                                             const Chosen& chosen) override;
  [[nodiscard]] Answer<std::vector<std::string>> load(const Fd& archive,
                                                      const image::Report& report) override;
  [[nodiscard]] Answer<std::string> import_tree(const Fd& archive, const std::string& reference,
                                                const std::string& message,
                                                const model::Config& config,
                                                const image::Report& report) override;
  [[nodiscard]] Answer<> save(const std::vector<std::string>& references,
                              const image::Sink& sink) const override;
  [[nodiscard]] Answer<> pull(const std::string& reference, const image::Credentials& by,
                              const image::Report& report) override;
  [[nodiscard]] Answer<> push(const std::string& reference, const image::Credentials& by,
                              const image::Report& report) override;
  [[nodiscard]] Answer<std::string> login(const std::string& registry,
                                          const image::Credentials& by) override;

  [[nodiscard]] Answer<> make_root(const std::string&, const std::string&) override {
    return not_faked();
  }
  [[nodiscard]] Result<std::string> mount_root(const std::string&) override { return unfaked(); }
  [[nodiscard]] Result<> unmount_root(const std::string&) override { return unfaked(); }
  [[nodiscard]] Result<> remove_root(const std::string&) override { return unfaked(); }
  [[nodiscard]] std::vector<std::string> roots() const override { return {}; }
  [[nodiscard]] Result<image::RootInfo> root_info(const std::string&) const override {
    return unfaked();
  }
  [[nodiscard]] Result<image::Sizes> root_sizes(const std::string&) const override {
    return image::Sizes{.writable = 6, .root = 100};
  }
  [[nodiscard]] Result<std::vector<image::Change>> changes(const std::string&) const override {
    return unfaked();
  }
  [[nodiscard]] Answer<std::string> commit(const std::string&,
                                           const image::CommitOptions&) override {
    return not_faked();
  }
  [[nodiscard]] Answer<> export_root(const std::string&, const image::Sink&) const override {
    return not_faked();
  }

 private:
  static Failure unfaked() { return failure(ErrorKind::kNotOffered, "fake", "not faked"); }
  Answer<> go_through(const image::Report& report);
};

class FakeNetworks final : public net::Networks {
 public:
  std::vector<net::Network> networks;
  std::vector<net::Endpoint> joined;

  [[nodiscard]] std::vector<net::Network> list() const override { return networks; }
  [[nodiscard]] Answer<net::Network> find(std::string_view reference) const override;
  [[nodiscard]] Answer<net::Network> create(net::Network asked) override;
  [[nodiscard]] Answer<net::Network> remove(std::string_view) override { return not_faked(); }
  [[nodiscard]] std::vector<net::Endpoint> endpoints(const std::string& network_id) const override;
  [[nodiscard]] std::vector<net::Endpoint> endpoints_of(const std::string&) const override {
    return {};
  }
  [[nodiscard]] Result<std::string> make_namespace(const std::string&) override { return ""; }
  [[nodiscard]] Answer<net::Endpoint> connect(const std::string&,
                                              const net::EndpointRequest&) override {
    return not_faked();
  }
  [[nodiscard]] Answer<> disconnect(const std::string&, const std::string&) override {
    return not_faked();
  }
  [[nodiscard]] Answer<std::vector<net::Published>> publish(
      const std::string&, const std::vector<net::PortRequest>&) override {
    return not_faked();
  }
  [[nodiscard]] std::vector<net::Published> published(const std::string&) const override {
    return {};
  }
  void rename(const std::string&, const std::string&) override {}
  [[nodiscard]] net::Resolving resolving(const std::string&) const override { return {}; }
  [[nodiscard]] Result<> release(const std::string&) override { return {}; }
  [[nodiscard]] Result<> restore(const std::vector<std::string>&) override { return {}; }
};

class FakeEngine final : public engine::Engine {
 public:
  FakeStore store;
  FakeNetworks nets;
  std::vector<engine::ContainerPtr> all;
  std::map<std::string, engine::Volume> volume_table;
  std::map<std::string, std::vector<std::string>> volume_users;
  std::vector<std::string> calls;  // "connect NET CONTAINER ADDRESS", ...
  // What a test does in the engine's place; empty: not faked.
  std::function<Answer<engine::Created>(const std::string&, model::Definition)> on_create;
  std::function<Answer<std::shared_ptr<void>>(engine::WaitFor,
                                              std::function<void(engine::WaitResult)>)>
      on_wait;
  std::function<Answer<std::shared_ptr<engine::Input>>(engine::AttachOptions, engine::Output)>
      on_attach;
  std::function<Answer<std::shared_ptr<void>>(engine::LogOptions, engine::Output)> on_logs;

  [[nodiscard]] std::vector<engine::Event> told() const {
    const std::lock_guard lock(mutex_);
    return events_;
  }

  [[nodiscard]] const engine::Options& options() const override { return options_; }
  [[nodiscard]] image::Store& images() override { return store; }
  [[nodiscard]] net::Networks& networks() override { return nets; }
  [[nodiscard]] std::vector<engine::ContainerPtr> containers() const override { return all; }
  [[nodiscard]] Answer<engine::ContainerPtr> find(std::string_view reference) const override;

  [[nodiscard]] Answer<engine::Created> create(const std::string& name,
                                               model::Definition definition) override {
    return on_create ? on_create(name, std::move(definition)) : not_faked();
  }
  [[nodiscard]] Answer<> start(std::string_view) override { return not_faked(); }
  [[nodiscard]] Answer<> stop(std::string_view, std::optional<int>, const std::string&) override {
    return not_faked();
  }
  [[nodiscard]] Answer<> restart(std::string_view, std::optional<int>,
                                 const std::string&) override {
    return not_faked();
  }
  [[nodiscard]] Answer<> kill(std::string_view, const std::string&) override { return not_faked(); }
  [[nodiscard]] Answer<> pause(std::string_view) override { return not_faked(); }
  [[nodiscard]] Answer<> unpause(std::string_view) override { return not_faked(); }
  [[nodiscard]] Answer<> rename(std::string_view, const std::string&) override {
    return not_faked();
  }
  [[nodiscard]] Answer<> remove(std::string_view, RemoveOptions) override { return not_faked(); }
  [[nodiscard]] Answer<std::vector<std::string>> update(std::string_view,
                                                        const model::UpdateRequest&) override {
    return not_faked();
  }
  [[nodiscard]] Answer<std::shared_ptr<void>> wait(
      std::string_view, engine::WaitFor what,
      std::function<void(engine::WaitResult)> done) override {
    return on_wait ? on_wait(what, std::move(done)) : not_faked();
  }
  [[nodiscard]] Answer<std::shared_ptr<engine::Input>> attach(std::string_view,
                                                              engine::AttachOptions options,
                                                              engine::Output output) override {
    return on_attach ? on_attach(options, std::move(output)) : not_faked();
  }
  [[nodiscard]] Answer<> resize(std::string_view, unsigned, unsigned) override {
    return not_faked();
  }
  [[nodiscard]] Answer<std::shared_ptr<void>> logs(std::string_view, engine::LogOptions options,
                                                   engine::Output output) override {
    return on_logs ? on_logs(options, std::move(output)) : not_faked();
  }
  [[nodiscard]] Answer<std::string> exec_create(std::string_view, engine::ExecDefinition) override {
    return not_faked();
  }
  [[nodiscard]] Answer<std::shared_ptr<engine::Input>> exec_start(const std::string&, bool,
                                                                  engine::Output) override {
    return not_faked();
  }
  [[nodiscard]] Answer<> exec_resize(const std::string&, unsigned, unsigned) override {
    return not_faked();
  }
  [[nodiscard]] Answer<engine::Exec> exec_find(const std::string&) const override {
    return not_faked();
  }
  [[nodiscard]] Answer<engine::Top> top(std::string_view, const std::string&) const override {
    return not_faked();
  }
  [[nodiscard]] Answer<std::string> import_tree(const Fd& archive, const ImportRequest& request,
                                                const image::Report& report) override;
  [[nodiscard]] Answer<Tree> tree(std::string_view) override { return not_faked(); }
  [[nodiscard]] Answer<Owner> owner_in(const Tree&, const std::string&) const override {
    return not_faked();
  }
  [[nodiscard]] Answer<std::string> commit(std::string_view, const CommitRequest&) override {
    return not_faked();
  }
  [[nodiscard]] Answer<> connect(std::string_view network, std::string_view container,
                                 const model::EndpointConfig& endpoint) override;
  [[nodiscard]] Answer<> disconnect(std::string_view network, std::string_view container,
                                    bool force) override;
  [[nodiscard]] Answer<> remove_network(std::string_view network) override;
  [[nodiscard]] std::vector<engine::Volume> volumes() const override;
  [[nodiscard]] Answer<engine::Volume> find_volume(std::string_view name) const override;
  [[nodiscard]] Answer<engine::Volume> create_volume(engine::Volume asked) override;
  [[nodiscard]] Answer<> remove_volume(std::string_view name, bool force) override;
  [[nodiscard]] std::vector<std::string> users_of_volume(std::string_view name) const override;
  [[nodiscard]] std::uint64_t volume_size(std::string_view) const override { return 1000; }
  [[nodiscard]] std::shared_ptr<void> listen(std::optional<WallTime> since,
                                             std::function<void(const engine::Event&)> heard,
                                             std::function<void()> caught_up) override;
  void tell(engine::Event event) override;

  std::chrono::milliseconds listening_takes{0};

 private:
  engine::Options options_{.state_dir = "/var/lib/plimsoll"};
  mutable std::mutex mutex_;
  std::vector<engine::Event> events_;
  std::map<int, std::function<void(const engine::Event&)>> listeners_;
  int next_ = 0;
};

}  // namespace plimsoll::docker::testing
