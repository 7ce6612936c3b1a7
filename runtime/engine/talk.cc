// What containers say, live and from the log; what they are told.
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "base/fill_in.h"
#include "base/log.h"
#include "runtime/engine/engine_impl.h"
#include "runtime/engine/logs.h"
#include "runtime/engine/names.h"

namespace plimsoll::engine {

using model::Answer;
using model::refuse;
using model::Refused;

namespace {

// "k=v,k=v" of what --log-opt labels= and env= name.
std::string details_of(const Container& container) {
  const auto& options = container.definition.host.log_config.options;
  const auto names_of = [&](const char* option) {
    std::vector<std::string> names;
    const auto found = options.find(option);
    for (std::string_view rest = found == options.end() ? std::string_view() : found->second;
         !rest.empty();) {
      names.emplace_back(rest.substr(0, rest.find(',')));
      rest.remove_prefix(std::min(rest.size(), names.back().size() + 1));
    }
    return names;
  };
  std::map<std::string, std::string> all;
  for (const std::string& name : names_of("labels")) {
    const auto label = container.definition.config.labels.find(name);
    if (label != container.definition.config.labels.end()) all[name] = label->second;
  }
  for (const std::string& name : names_of("env"))
    for (const std::string& variable : container.definition.config.env)
      if (variable.starts_with(name + "=")) all[name] = variable.substr(name.size() + 1);
  std::string text;
  for (const auto& [key, value] : all) text += (text.empty() ? "" : ",") + key + "=" + value;
  return text;
}

Answer<> check_has_log(const Container& container) {
  if (!container.log_path.empty()) return {};
  return refuse(Refused::kNotOffered, "configured logging driver does not support reading");
}

}  // namespace

Answer<std::shared_ptr<Input>> EngineImpl::attach(std::string_view reference, AttachOptions options,
                                                  Output output) {
  const EntryPtr entry = PLIMSOLL_TRY(entry_of(reference));
  const Lock held = PLIMSOLL_TRY(lock(*entry));
  const Container& container = entry->stored.container;
  if (container.state.status == Status::kPaused)
    return refuse(
        Refused::kConflict,
        fill_in("container {} is paused, unpause the container before attach", entry->id));
  if (container.state.status == Status::kRestarting && !options.logs)
    return refuse(
        Refused::kConflict,
        fill_in("container {} is restarting, wait until the container is running", entry->id));
  if (options.logs && !container.log_path.empty()) {
    LogCursor cursor(container.log_path);
    cursor.from_start();
    while (const auto json = cursor.next()) {
      const auto line = parse_log_line(*json);
      if (!line) continue;
      const bool wanted =
          line->stream == Output::Stream::kStdout ? options.stdout_too : options.stderr_too;
      if (wanted && !output.write(line->stream, line->text)) break;
    }
  }
  Attachment::Wishes wishes;
  wishes.stdin_too = options.stdin_too && container.definition.config.open_stdin;
  wishes.stdout_too = options.stdout_too;
  wishes.stderr_too = options.stderr_too;
  wishes.end_closes_stdin = container.definition.config.stdin_once;
  auto attachment = std::make_shared<Attachment>(*loop_, wishes, std::move(output));
  tell_about(container, "attach");
  if (!options.stream) {
    attachment->finish();
  } else if (entry->run) {
    if (const auto connected = attachment->connect(entry->run->dir)) {
      attachment->begin();
    } else {
      // It has ended a moment ago, and all was said.
      attachment->finish();
    }
  } else {
    entry->early.push_back(attachment);
  }
  return make_input(std::move(attachment));
}

Answer<std::shared_ptr<void>> EngineImpl::logs(std::string_view reference, LogOptions options,
                                               Output output) {
  const EntryPtr entry = PLIMSOLL_TRY(entry_of(reference));
  const ContainerPtr container = seen_of(*entry);
  PLIMSOLL_TRY(check_has_log(*container));
  const bool follows = options.follow;
  if (!container->state.running()) options.follow = false;
  auto follower = std::make_shared<LogFollower>(*loop_, *pool_, container->log_path, options,
                                                details_of(*container), std::move(output));
  if (follows && container->state.running()) follow(*entry, follower);
  follower->wake();
  return std::shared_ptr<void>(nullptr, [entry, follower](const void*) {
    follower->drop();
    const std::lock_guard lock(entry->look);
    std::erase(entry->followers, follower);
  });
}

void EngineImpl::follow(Entry& entry, const std::shared_ptr<LogFollower>& follower) {
  const std::lock_guard lock(table_);
  {
    const std::lock_guard look(entry.look);
    if (!entry.seen->state.running()) {
      follower->ended();
      return;
    }
    entry.followers.push_back(follower);
  }
  const int watch = ::inotify_add_watch(inotify_.get(), state_dir_of(entry.id).c_str(),
                                        IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
  const auto found = entries_.find(entry.id);
  if (watch < 0)
    log::warn("container " + short_id(entry.id) + ": its log cannot be watched");
  else if (found != entries_.end())
    followed_[watch] = found->second;
}

// In the loop.
void EngineImpl::on_log_grown() {
  alignas(inotify_event) std::array<char, 16384> bytes{};
  const ssize_t size = ::read(inotify_.get(), bytes.data(), bytes.size());
  std::vector<int> grown;
  for (ssize_t at = 0; at < size;) {
    const auto* event = reinterpret_cast<const inotify_event*>(bytes.data() + at);
    at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    if (std::ranges::find(grown, event->wd) == grown.end()) grown.push_back(event->wd);
  }
  const std::lock_guard lock(table_);
  for (const int watch : grown) {
    const auto found = followed_.find(watch);
    const EntryPtr entry = found == followed_.end() ? nullptr : found->second.lock();
    bool is_followed = false;
    if (entry) {
      const std::lock_guard look(entry->look);
      for (const auto& follower : entry->followers) {
        is_followed = is_followed || !follower->done();
        follower->wake();
      }
    }
    if (is_followed) continue;
    ::inotify_rm_watch(inotify_.get(), watch);
    followed_.erase(watch);
  }
}

}  // namespace plimsoll::engine
