// Further processes of a running container, each with a keeper of its own.
#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <tuple>
#include <utility>

#include "base/fill_in.h"
#include "base/log.h"
#include "base/number.h"
#include "base/text.h"
#include "runtime/engine/engine_impl.h"
#include "runtime/engine/exec_entry.h"
#include "runtime/engine/files.h"
#include "runtime/engine/merge.h"
#include "runtime/engine/names.h"
#include "runtime/engine/spawn.h"

namespace plimsoll::engine {

using model::Answer;
using model::refuse;
using model::Refused;

namespace {

constexpr int kNotExecutable = 126;
constexpr int kNotFound = 127;

std::string words_of(const std::vector<std::string>& cmd) {
  std::string text;
  for (const std::string& word : cmd) text += (text.empty() ? "" : " ") + word;
  return text;
}

int code_of(const std::string& words) {
  const auto has = [&](const char* part) { return words.find(part) != std::string::npos; };
  return has("executable file not found") || has("no such file or directory") ? kNotFound
                                                                              : kNotExecutable;
}

Answer<> check_running(const Container& container) {
  switch (container.state.status) {
    case Status::kRunning:
      return {};
    case Status::kPaused:
      return refuse(
          Refused::kConflict,
          fill_in("Container {} is paused, unpause the container before exec", container.id));
    case Status::kRestarting:
      return refuse(
          Refused::kConflict,
          fill_in("Container {} is restarting, wait until the container is running", container.id));
    default:
      return refuse(Refused::kConflict, fill_in("container {} is not running", container.id));
  }
}

// A keeper whose process ended before anybody asked goes without an answer, but not without a word.
Result<shim::ExitRecord> written_end(const DirFd& dir) {
  shim::Look look = PLIMSOLL_TRY(shim::look(dir));
  if (!look.exit) return failure(ErrorKind::kGone, "keeper", "it left no exit record");
  return *std::move(look.exit);
}

}  // namespace

Answer<std::shared_ptr<ExecEntry>> EngineImpl::exec_of(const std::string& id) const {
  const std::lock_guard lock(table_);
  const auto found = execs_.find(id);
  if (found == execs_.end() || found->second->is_probe)
    return refuse(Refused::kNotFound, fill_in("No such exec instance: {}", id));
  return found->second;
}

Answer<std::string> EngineImpl::exec_create(std::string_view reference, ExecDefinition definition) {
  const EntryPtr entry = PLIMSOLL_TRY(entry_of(reference));
  if (definition.cmd.empty()) return refuse(Refused::kInvalid, "No exec command specified");
  const ContainerPtr container = seen_of(*entry);
  PLIMSOLL_TRY(check_running(*container));
  auto exec = std::make_shared<ExecEntry>();
  exec->id = make_id();
  exec->container = entry;
  exec->definition = std::move(definition);
  remember_exec(exec);
  tell_about(*container, "exec_create: " + words_of(exec->definition.cmd), {{"execID", exec->id}});
  return exec->id;
}

void EngineImpl::remember_exec(const std::shared_ptr<ExecEntry>& exec) {
  {
    const std::lock_guard lock(table_);
    execs_[exec->id] = exec;
  }
  Entry& entry = *exec->container;
  const std::lock_guard lock(entry.look);
  entry.exec_ids.push_back(exec->id);
  auto next = std::make_shared<Container>(*entry.seen);
  next->exec_ids = entry.exec_ids;
  entry.seen = std::move(next);
}

Answer<std::shared_ptr<Input>> EngineImpl::exec_start(const std::string& exec_id, bool tty,
                                                      Output output) {
  const std::shared_ptr<ExecEntry> exec = PLIMSOLL_TRY(exec_of(exec_id));
  {
    const std::lock_guard lock(exec->look);
    if (exec->started) {
      const char* how = exec->running ? "is already running" : "has already run";
      return refuse(Refused::kConflict, fill_in("Error: Exec command {} {}", exec_id, how));
    }
  }
  PLIMSOLL_TRY(check_running(*seen_of(*exec->container)));
  {
    const std::lock_guard lock(exec->look);
    if (std::exchange(exec->started, true))
      return refuse(Refused::kConflict,
                    fill_in("Error: Exec command {} is already running", exec_id));
    exec->definition.tty = exec->definition.tty || tty;
  }
  if (const auto begins = std::exchange(output.begins, {})) begins();
  const bool detached = !output.write;
  std::shared_ptr<Attachment> attachment;
  if (!detached) {
    Attachment::Wishes wishes;
    wishes.stdin_too = exec->definition.attach_stdin;
    wishes.stdout_too = exec->definition.attach_stdout;
    wishes.stderr_too = exec->definition.attach_stderr;
    attachment = std::make_shared<Attachment>(*loop_, wishes, output);
  }
  const auto started = run_exec(exec, attachment);
  if (started) return detached ? std::shared_ptr<Input>() : make_input(attachment);
  {
    const std::lock_guard lock(exec->look);
    exec->exit_code = code_of(started.error().message);
  }
  if (detached) return std::unexpected(started.error());
  // Who listens is told there, and the exit code says the rest.
  static_cast<void>(
      output.write(exec->definition.tty ? Output::Stream::kStdout : Output::Stream::kStderr,
                   started.error().message + "\r\n"));
  attachment->finish();
  return make_input(attachment);
}

Answer<> EngineImpl::run_exec(const std::shared_ptr<ExecEntry>& exec,
                              const std::shared_ptr<Attachment>& attachment) {
  const ContainerPtr container = seen_of(*exec->container);
  const ExecDefinition& definition = exec->definition;
  const std::string directory = run_dir_of(container->id) + "/exec-" + exec->id.substr(0, 32);
  const std::string keeper = directory + "/keeper";
  ExecProcess process;
  process.args = definition.cmd;
  process.env = environment_of(*container, {});
  if (definition.tty) set_variable(process.env, "TERM=xterm");
  for (const std::string& variable : definition.env) set_variable(process.env, variable);
  process.cwd = !definition.working_dir.empty() ? definition.working_dir
                                                : container->definition.config.working_dir;
  if (process.cwd.empty()) process.cwd = "/";
  process.terminal = definition.tty;
  process.privileged = definition.privileged;
  process.console_size = definition.console_size;
  {
    const DirFd root =
        PLIMSOLL_TRY(open_dir(fill_in("/proc/{}/root", container->state.pid).c_str()));
    const std::string& user =
        definition.user.empty() ? container->definition.config.user : definition.user;
    process.user = PLIMSOLL_TRY(find_user_in(root, user, container->definition.host.group_add));
  }
  const std::string text = PLIMSOLL_TRY(make_exec_process(*container, process));
  Rollback undo;
  undo.on_failure([directory] { std::ignore = remove_tree(directory); });
  PLIMSOLL_TRY(make_directories(keeper, 0700));
  PLIMSOLL_TRY(replace_file(directory + "/process.json", text, 0600));
  PLIMSOLL_TRY(replace_file(directory + "/exec.json",
                            encode_exec({exec->id, definition, exec->is_probe}), 0600));
  KeeperRequest request;
  request.shim = options_.shim;
  request.dir = keeper;
  request.pid_file = directory + "/pid";
  request.terminal = definition.tty;
  request.stdin_open = definition.attach_stdin;
  request.command = {
      options_.oci, "--root",    options_.run_dir + "/oci",   "--log",      "/dev/null",     "exec",
      "--detach",   "--process", directory + "/process.json", "--pid-file", request.pid_file};
  if (definition.tty)
    request.command.insert(request.command.end(), {"--console-socket", keeper + "/console.sock"});
  request.command.push_back(container->id);
  // It runs as soon as it is made: what it says waits for whoever listens.
  request.hold = attachment != nullptr;
  auto spawned = spawn_keeper(request);
  if (!spawned) {
    if (spawned.error().kind != ErrorKind::kRejected)
      return std::unexpected(model::Refusal(spawned.error()));
    return refuse(Refused::kInvalid,
                  "OCI runtime exec failed: " + spawned.error().subject + ": unknown");
  }
  undo.commit();
  exec->keeper = spawned->keeper;
  exec->dir = PLIMSOLL_TRY(open_dir(keeper.c_str()));
  exec->attachment = attachment;
  {
    const std::lock_guard lock(exec->look);
    exec->running = true;
    exec->pid = spawned->process;
  }
  if (!exec->is_probe)
    tell_about(*container, "exec_start: " + words_of(definition.cmd), {{"execID", exec->id}});
  // The exit code is there before the stream ends: who sees the end asks for it.
  const auto both = std::make_shared<int>(attachment ? 2 : 1);
  const auto done = [this, exec, both,
                     code = std::make_shared<int>(-1)](std::optional<int> exit_code) {
    if (exit_code) *code = *exit_code;
    if (--*both != 0) return;
    pool_->post([this, exec, code] { exec_ended(exec, *code); });
  };
  if (attachment) {
    const auto connected = attachment->connect(exec->dir);
    if (!connected) log::warn("exec " + short_id(exec->id) + ": " + connected.error().message());
    attachment->begin([done] { done(std::nullopt); });
  }
  watch_exec(exec, done);
  return {};
}

// `done` is called in the loop's thread, once.
void EngineImpl::watch_exec(const std::shared_ptr<ExecEntry>& exec,
                            const std::function<void(int)>& done) {
  loop_->post([this, exec, done] {
    auto connection = shim::Connection::connect(exec->dir);
    if (!connection || !connection->send(shim::Request::kWait)) {
      const auto record = written_end(exec->dir);
      return done(record ? record->exit_code : 128 + SIGKILL);
    }
    exec->connection = *std::move(connection);
    const auto on_keeper = [this, exec, done](std::uint32_t) {
      std::array<char, 4096> packet{};
      const ssize_t size =
          ::recv(exec->connection->socket().get(), packet.data(), packet.size(), MSG_DONTWAIT);
      if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
      const bool is_end = size > 1 && packet[0] == static_cast<char>(shim::Answer::kExited);
      if (size > 0 && !is_end) return;
      const auto record = is_end ? shim::parse_exit_record(std::string_view(
                                       packet.data() + 1, static_cast<std::size_t>(size - 1)))
                                 : written_end(exec->dir);
      const int code = record ? record->exit_code : 128 + SIGKILL;
      loop_->forget(exec->connection->socket());
      exec->connection.reset();
      done(code);
    };
    if (!loop_->watch(exec->connection->socket(), EPOLLIN, on_keeper)) done(-1);
  });
}

// One that an engine before this one began: it runs, or its end is still to be told.
void EngineImpl::adopt_exec(const EntryPtr& entry, const std::string& name) {
  const std::string directory = run_dir_of(entry->id) + "/" + name;
  const auto text = read_text(directory + "/exec.json");
  const auto stored = text ? decode_exec(*text) : Result<StoredExec>(std::unexpected(text.error()));
  auto keeper = open_dir((directory + "/keeper").c_str());
  if (!stored || !keeper) {
    // It had not begun to be.
    std::ignore = remove_tree(directory);
    return;
  }
  auto exec = std::make_shared<ExecEntry>();
  exec->id = stored->id;
  exec->container = entry;
  exec->definition = stored->definition;
  exec->started = exec->running = true;
  exec->dir = *std::move(keeper);
  if (const auto pid = read_text(directory + "/pid"))
    exec->pid = to_number<pid_t>(trim(*pid)).value_or(0);
  // Whoever was to hear it is gone: nothing waits for them any more.
  if (auto listener = shim::Connection::connect(exec->dir))
    std::ignore = listener->send(shim::Request::kAttach);
  if (stored->is_probe) {
    exec->is_probe = true;
    exec->told = [](int) {};  // Whoever asked is gone.
  } else {
    remember_exec(exec);
  }
  watch_exec(exec, [this, exec](int code) {
    pool_->post([this, exec, code] { exec_ended(exec, code); });
  });
}

void EngineImpl::exec_ended(const std::shared_ptr<ExecEntry>& exec, int exit_code) {
  reap_keeper(exec->keeper);
  {
    const std::lock_guard lock(exec->look);
    exec->running = false;
    exec->exit_code = exit_code;
  }
  const ContainerPtr container = seen_of(*exec->container);
  std::ignore = remove_tree(run_dir_of(container->id) + "/exec-" + exec->id.substr(0, 32));
  if (exec->attachment) exec->attachment->finish();
  exec->attachment.reset();
  if (exec->told) {
    exec->told(exit_code);
    return;
  }
  tell_about(*container, "exec_die",
             {{"execID", exec->id}, {"exitCode", std::to_string(exit_code)}});
  // The last 64 of a container can be asked for their exit codes.
  constexpr std::size_t kMostEnded = 64;
  const std::scoped_lock lock(table_, exec->container->look);
  auto& ids = exec->container->exec_ids;
  for (auto id = ids.begin(); ids.size() > kMostEnded && id != ids.end();) {
    const auto found = execs_.find(*id);
    const bool over = found == execs_.end() || [&] {
      const std::lock_guard look(found->second->look);
      return found->second->started && !found->second->running;
    }();
    if (over && found != execs_.end()) execs_.erase(found);
    id = over ? ids.erase(id) : id + 1;
  }
}

void EngineImpl::forget_execs(const std::string& container) {
  const auto entry = [&]() -> EntryPtr {
    const std::lock_guard lock(table_);
    std::erase_if(execs_, [&](const auto& one) {
      const ExecEntry& exec = *one.second;
      const std::lock_guard look(exec.look);
      return exec.container->id == container && !exec.running && !exec.exit_code;
    });
    const auto found = entries_.find(container);
    return found == entries_.end() ? nullptr : found->second;
  }();
  if (!entry) return;
  const std::lock_guard lock(entry->look);
  entry->exec_ids.clear();
}

Answer<> EngineImpl::exec_resize(const std::string& exec_id, unsigned height, unsigned width) {
  const std::shared_ptr<ExecEntry> exec = PLIMSOLL_TRY(exec_of(exec_id));
  {
    const std::lock_guard lock(exec->look);
    if (!exec->running)
      return refuse(Refused::kConflict, fill_in("Exec command {} is not running", exec_id));
  }
  auto connection = PLIMSOLL_TRY(shim::Connection::connect(exec->dir));
  PLIMSOLL_TRY(connection.send(shim::Request::kResize,
                               std::to_string(height) + " " + std::to_string(width)));
  const auto packet = PLIMSOLL_TRY(connection.receive(std::chrono::seconds(10)));
  if (packet.answer != shim::Answer::kDone) return refuse(Refused::kFailed, packet.content);
  return {};
}

Answer<Exec> EngineImpl::exec_find(const std::string& exec_id) const {
  const std::shared_ptr<ExecEntry> entry = PLIMSOLL_TRY(exec_of(exec_id));
  const std::lock_guard lock(entry->look);
  Exec exec;
  exec.id = entry->id;
  exec.container_id = entry->container->id;
  exec.definition = entry->definition;
  exec.running = entry->running;
  exec.exit_code = entry->exit_code;
  exec.pid = entry->pid;
  exec.can_remove = entry->started && !entry->running;
  return exec;
}

}  // namespace plimsoll::engine
