// The engine. What its methods do stands in one file for each idea: open, create, start, end,
// control, talk, exec, health, look, tree, wires.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/rollback.h"
#include "runtime/engine/bundle.h"
#include "runtime/engine/engine.h"
#include "runtime/engine/entry.h"
#include "runtime/engine/events.h"
#include "runtime/engine/loop.h"
#include "runtime/engine/pool.h"
#include "runtime/engine/volumes.h"
#include "runtime/lifecycle/container.h"
#include "runtime/shim/exit_record.h"

namespace plimsoll::engine {

struct ExecEntry;

class EngineImpl final : public Engine {
 public:
  explicit EngineImpl(Options options) : options_(std::move(options)) {}
  ~EngineImpl() override;
  EngineImpl(const EngineImpl&) = delete;
  EngineImpl& operator=(const EngineImpl&) = delete;
  Result<> open_all();

  [[nodiscard]] const Options& options() const override { return options_; }
  [[nodiscard]] image::Store& images() override { return *images_; }
  [[nodiscard]] net::Networks& networks() override { return *networks_; }

  [[nodiscard]] std::vector<ContainerPtr> containers() const override;
  [[nodiscard]] model::Answer<ContainerPtr> find(std::string_view reference) const override;
  [[nodiscard]] model::Answer<Created> create(const std::string& name,
                                              model::Definition definition) override;
  [[nodiscard]] model::Answer<> start(std::string_view reference) override;
  [[nodiscard]] model::Answer<> stop(std::string_view reference, std::optional<int> seconds,
                                     const std::string& signal) override;
  [[nodiscard]] model::Answer<> restart(std::string_view reference, std::optional<int> seconds,
                                        const std::string& signal) override;
  [[nodiscard]] model::Answer<> kill(std::string_view reference,
                                     const std::string& signal) override;
  [[nodiscard]] model::Answer<> pause(std::string_view reference) override;
  [[nodiscard]] model::Answer<> unpause(std::string_view reference) override;
  [[nodiscard]] model::Answer<> rename(std::string_view reference,
                                       const std::string& name) override;
  [[nodiscard]] model::Answer<> remove(std::string_view reference, RemoveOptions options) override;
  [[nodiscard]] model::Answer<std::vector<std::string>> update(
      std::string_view reference, const model::UpdateRequest& request) override;
  [[nodiscard]] model::Answer<std::shared_ptr<void>> wait(
      std::string_view reference, WaitFor what, std::function<void(WaitResult)> done) override;
  [[nodiscard]] model::Answer<std::shared_ptr<Input>> attach(std::string_view reference,
                                                             AttachOptions options,
                                                             Output output) override;
  [[nodiscard]] model::Answer<> resize(std::string_view reference, unsigned height,
                                       unsigned width) override;
  [[nodiscard]] model::Answer<std::shared_ptr<void>> logs(std::string_view reference,
                                                          LogOptions options,
                                                          Output output) override;
  [[nodiscard]] model::Answer<std::string> exec_create(std::string_view reference,
                                                       ExecDefinition definition) override;
  [[nodiscard]] model::Answer<std::shared_ptr<Input>> exec_start(const std::string& exec_id,
                                                                 bool tty, Output output) override;
  [[nodiscard]] model::Answer<> exec_resize(const std::string& exec_id, unsigned height,
                                            unsigned width) override;
  [[nodiscard]] model::Answer<Exec> exec_find(const std::string& exec_id) const override;
  [[nodiscard]] model::Answer<Top> top(std::string_view reference,
                                       const std::string& ps_arguments) const override;
  [[nodiscard]] model::Answer<std::string> import_tree(const Fd& archive,
                                                       const ImportRequest& request,
                                                       const image::Report& report) override;
  [[nodiscard]] model::Answer<Tree> tree(std::string_view reference) override;
  [[nodiscard]] model::Answer<Owner> owner_in(const Tree& tree,
                                              const std::string& user) const override;
  [[nodiscard]] model::Answer<std::string> commit(std::string_view reference,
                                                  const CommitRequest& request) override;
  [[nodiscard]] model::Answer<> connect(std::string_view network, std::string_view container,
                                        const model::EndpointConfig& endpoint) override;
  [[nodiscard]] model::Answer<> disconnect(std::string_view network, std::string_view container,
                                           bool force) override;
  [[nodiscard]] model::Answer<> remove_network(std::string_view network) override;
  [[nodiscard]] std::vector<Volume> volumes() const override;
  [[nodiscard]] model::Answer<Volume> find_volume(std::string_view name) const override;
  [[nodiscard]] model::Answer<Volume> create_volume(Volume asked) override;
  [[nodiscard]] model::Answer<> remove_volume(std::string_view name, bool force) override;
  [[nodiscard]] std::vector<std::string> users_of_volume(std::string_view name) const override;
  [[nodiscard]] std::uint64_t volume_size(std::string_view name) const override;
  [[nodiscard]] std::shared_ptr<void> listen(std::optional<WallTime> since,
                                             std::function<void(const Event&)> heard,
                                             std::function<void()> caught_up) override;
  void tell(Event event) override;

 private:
  using Lock = std::unique_lock<std::mutex>;

  // --- Entries. ---
  [[nodiscard]] model::Answer<EntryPtr> entry_of(std::string_view reference) const;
  [[nodiscard]] ContainerPtr seen_of(const Entry& entry) const;
  // Locked, and not removed meanwhile.
  [[nodiscard]] model::Answer<Lock> lock(Entry& entry) const;
  // What changed is seen by everybody, and written down. Under `change`.
  void publish(Entry& entry);
  void save_state(Entry& entry);
  [[nodiscard]] Result<> save_config(Entry& entry, bool durable);
  void tell_about(const Container& container, std::string action,
                  std::map<std::string, std::string> more = {});

  // --- Paths. ---
  [[nodiscard]] std::string state_dir_of(const std::string& id) const;
  [[nodiscard]] std::string run_dir_of(const std::string& id) const;
  // Where its config.json and state.json are. Those of containers that remove themselves need not
  // outlive a power cut: nothing waits for the disk.
  [[nodiscard]] std::string passing_dir_of(const std::string& id) const;
  [[nodiscard]] std::string record_dir_of(const Entry& entry) const;
  [[nodiscard]] std::string measuring_file_of(const std::string& id) const;

  // --- open.cc ---
  Result<> load();
  Result<> load_one(const std::string& id);
  void recover();
  void take_up(const EntryPtr& entry);
  void sweep();
  void end_strangers();
  void start_again();

  // --- create.cc ---
  [[nodiscard]] model::Answer<> make(Entry& entry);
  [[nodiscard]] model::Answer<> make_volumes(Entry& entry);
  [[nodiscard]] model::Answer<> copy_up(Entry& entry);
  void normalise(Entry& entry) const;

  // --- start.cc ---
  [[nodiscard]] model::Answer<> begin_run(const EntryPtr& entry);
  [[nodiscard]] model::Answer<> try_run(const EntryPtr& entry, StartWatcher* watcher,
                                        Rollback& undo);
  // What is done to a container's network while its process is made. Waits for it when it goes.
  using Wiring = std::future<model::Answer<>>;
  [[nodiscard]] model::Answer<BundleFacts> gather(Entry& entry, Rollback& undo, Wiring& wiring);
  [[nodiscard]] model::Answer<> join_namespaces(Entry& entry, BundleFacts& facts, Rollback& undo,
                                                Wiring& wiring);
  [[nodiscard]] model::Answer<std::string> join(const std::string& mode, const char* kind) const;
  [[nodiscard]] model::Answer<> prepare_places(Entry& entry, Rollback& undo);
  void start_failed(Entry& entry, const model::Refusal& why);
  void watch(const EntryPtr& entry, const std::shared_ptr<Run>& run);
  void on_keeper(const EntryPtr& entry, const std::shared_ptr<Run>& run);

  // --- wires.cc ---
  [[nodiscard]] model::Answer<> connect_all(Entry& entry, BundleFacts& facts, Rollback& undo,
                                            Wiring& wiring);
  [[nodiscard]] model::Answer<> wire(Entry& entry);
  [[nodiscard]] model::Answer<> connect_one(Entry& entry, const std::string& network,
                                            const model::EndpointConfig& endpoint);
  [[nodiscard]] model::Answer<> publish_ports(Entry& entry);
  [[nodiscard]] model::Answer<std::vector<std::string>> link_variables(const Entry& entry) const;
  // They have to be there when the process is made, and say the truth when it starts.
  [[nodiscard]] static Result<> make_etc(const Entry& entry);
  [[nodiscard]] Result<> write_etc(Entry& entry);
  void disconnected(Entry& entry);

  // --- end.cc ---
  void run_ended(const EntryPtr& entry, const std::shared_ptr<Run>& run,
                 std::optional<shim::ExitRecord> record);
  void clear_run(Entry& entry);
  void settle(const EntryPtr& entry, const shim::ExitRecord& record);
  [[nodiscard]] static bool restarts(Entry& entry, MonoTime begun);
  void restart_later(const EntryPtr& entry);
  void forget_restart(Entry& entry);
  void notify_end(Entry& entry);
  enum class VolumesToo : bool { kKeep, kRemove };
  [[nodiscard]] model::Answer<> remove_locked(const EntryPtr& entry, VolumesToo volumes);
  // As --rm asks for; nobody waits for the answer.
  void remove_itself(const EntryPtr& entry);
  [[nodiscard]] bool oom_killed(const Entry& entry, const shim::ExitRecord& record) const;

  // --- control.cc ---
  [[nodiscard]] model::Answer<> stop_entry(const EntryPtr& entry, std::optional<int> seconds,
                                           const std::string& signal, bool& was_running);
  [[nodiscard]] bool await_end(Entry& entry, std::uint64_t ends,
                               std::optional<std::chrono::seconds> time) const;

  // --- health.cc ---
  void begin_health(const EntryPtr& entry);
  void end_health(Entry& entry);
  void probe(const EntryPtr& entry, const std::shared_ptr<Prober>& prober);
  void probed(const EntryPtr& entry, const std::shared_ptr<Prober>& prober, HealthProbe result);
  void probe_later(const EntryPtr& entry, const std::shared_ptr<Prober>& prober);

  // --- exec.cc ---
  [[nodiscard]] model::Answer<> run_exec(const std::shared_ptr<ExecEntry>& exec,
                                         const std::shared_ptr<Attachment>& attachment);
  // Found by its id, and in its container's list, which must have been published.
  void remember_exec(const std::shared_ptr<ExecEntry>& exec);
  void watch_exec(const std::shared_ptr<ExecEntry>& exec, const std::function<void(int)>& done);
  void adopt_exec(const EntryPtr& entry, const std::string& name);
  void exec_ended(const std::shared_ptr<ExecEntry>& exec, int exit_code);
  [[nodiscard]] model::Answer<std::shared_ptr<ExecEntry>> exec_of(const std::string& id) const;
  void forget_execs(const std::string& container);

  // --- talk.cc ---
  void follow(Entry& entry, const std::shared_ptr<LogFollower>& follower);
  void on_log_grown();

  Options options_;
  std::unique_ptr<Loop> loop_;
  std::unique_ptr<Pool> pool_;
  std::shared_ptr<Events> events_;
  std::unique_ptr<image::Store> images_;
  std::unique_ptr<net::Networks> networks_;
  std::unique_ptr<Volumes> volumes_;
  std::optional<runtime::Host> host_;
  CgroupVersion cgroup_version_ = CgroupVersion::kV1;
  Fd inotify_;
  std::unordered_map<int, std::weak_ptr<Entry>> followed_;  // By watch. Under table_.

  mutable std::mutex table_;
  std::unordered_map<std::string, EntryPtr> entries_;   // By id.
  std::unordered_map<std::string, std::string> names_;  // Name to id.
  std::unordered_map<std::string, std::shared_ptr<ExecEntry>> execs_;
};

}  // namespace plimsoll::engine
