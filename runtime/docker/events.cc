#include "runtime/docker/events.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "runtime/docker/times.h"
#include "runtime/model/json_writer.h"

namespace plimsoll::docker {

namespace {

// A listener that is that far behind hears no more: what it missed it would not know of.
constexpr std::size_t kMostPending = std::size_t{4} << 20;
// What happens in the last moment is told a moment later.
constexpr std::chrono::milliseconds kGrace{250};

std::string attribute(const engine::Event& event, const std::string& name) {
  const auto found = event.attributes.find(name);
  return found == event.attributes.end() ? std::string() : found->second;
}

// The thing that the event is about, by id, its beginning, or name.
bool is_about(const Filters& filters, std::string_view key, const engine::Event& event) {
  if (!filters.has(key)) return true;
  if (event.type != key) return false;
  const std::string name = attribute(event, "name");
  return std::ranges::any_of(filters.values(key), [&](const std::string& wanted) {
    return wanted == name || (!wanted.empty() && event.id.starts_with(wanted));
  });
}

bool is_about_image(const Filters& filters, const engine::Event& event) {
  if (!filters.has("image")) return true;
  const std::string name =
      event.type == "image" ? attribute(event, "name") : attribute(event, "image");
  const auto familiar = [](std::string_view text) {
    const std::size_t colon = text.rfind(':');
    return colon == std::string_view::npos || text.find('/', colon) != std::string_view::npos
               ? text
               : text.substr(0, colon);
  };
  return std::ranges::any_of(filters.values("image"), [&](const std::string& wanted) {
    return wanted == name || wanted == familiar(name) ||
           (event.type == "image" && event.id == wanted);
  });
}

// "exec_create" also means "exec_create: ls".
bool is_action(const Filters& filters, const std::string& action) {
  return filters.admits("event", action) ||
         filters.admits("event", action.substr(0, action.find(':')));
}

// One client and its subscription, which ends when the client leaves, whoever is faster. It listens
// before its client has the answer's head, so that who has the head misses nothing.
class Listener {
 public:
  void begin(std::shared_ptr<http::Stream> stream) {
    const std::lock_guard lock(mutex_);
    stream_ = std::move(stream);
    for (const auto& frame : early_) stream_->write(frame);
    early_.clear();
    if (finished_) stream_->finish();
  }
  void subscribe(std::shared_ptr<void> subscription) {
    const std::lock_guard lock(mutex_);
    if (!over_) subscription_ = std::move(subscription);
  }

  // False: it is too far behind to go on.
  [[nodiscard]] bool tell(std::string text) {
    auto frame = std::make_shared<const std::string>(std::move(text));
    const std::lock_guard lock(mutex_);
    if (!stream_) {
      early_.push_back(std::move(frame));
      return true;
    }
    if (stream_->closed()) return true;
    if (stream_->pending() > kMostPending) return false;
    stream_->write(std::move(frame));
    return true;
  }

  // Not from within the engine's call: it may wait for that.
  void end() {
    std::shared_ptr<void> ended;
    const std::lock_guard lock(mutex_);
    over_ = true;
    ended.swap(subscription_);
  }
  // The same, and the client is told that this was all.
  void finish() {
    end();
    const std::lock_guard lock(mutex_);
    finished_ = true;
    if (stream_) stream_->finish();
  }

 private:
  std::mutex mutex_;
  std::shared_ptr<http::Stream> stream_;
  std::vector<std::shared_ptr<const std::string>> early_;  // Before there was a stream.
  std::shared_ptr<void> subscription_;
  bool over_ = false;
  bool finished_ = false;
};

void listen(const CallPtr& call, Api& api, engine::Engine& engine) {
  const WallTime now = RealClock().wall();
  const auto filters = Filters::parse(
      call->query("filters"), {"type", "event", "container", "image", "label", "network", "volume",
                               "scope", "daemon", "plugin", "node", "service", "secret", "config"});
  const auto since = parse_time(call->query("since"), now);
  const auto until = parse_time(call->query("until"), now);
  if (!filters) return call->fail(filters.error());
  if (!since) return call->fail(since.error());
  if (!until) return call->fail(until.error());
  if (*since && *until && **since > **until)
    return call->fail({model::Refused::kInvalid, "`since` time (" + call->query("since") +
                                                     ") cannot be after `until` time (" +
                                                     call->query("until") + ")"});
  const auto listener = std::make_shared<Listener>();
  // The subscription does not keep the listener: the listener keeps the subscription.
  const auto end_soon = [weak = std::weak_ptr(listener), &api] {
    if (auto held = weak.lock()) api.after({}, [held = std::move(held)] { held->end(); });
  };
  const auto hear = [weak = std::weak_ptr(listener), end_soon, filters = *filters,
                     until = *until](const engine::Event& event) {
    if (!matches(filters, event) || (until && event.at > *until)) return;
    const auto held = weak.lock();
    if (held && !held->tell(encode(event))) end_soon();
  };
  // What was is all that is wanted: there is nothing to wait for once it has been told.
  const bool is_over = *until && **until <= now;
  std::function<void()> caught_up;
  if (is_over) caught_up = [&api, listener] { api.after({}, [listener] { listener->finish(); }); };
  listener->subscribe(engine.listen(*since, hear, caught_up));
  // The stream keeps it until its client leaves.
  listener->begin(call->stream("application/json", [listener, end_soon] { end_soon(); }));
  if (*until && !is_over) api.after(**until - now + kGrace, [listener] { listener->finish(); });
}

}  // namespace

std::string encode(const engine::Event& event) {
  std::string out;
  model::Writer write(out);
  if (event.type == "container" || event.type == "image") {
    write("status", event.action);
    write("id", event.id);
    if (event.type == "container") write("from", attribute(event, "image"));
  }
  write("Type", event.type);
  write("Action", event.action);
  std::string actor;
  model::Writer inner(actor);
  inner("ID", event.id);
  inner("Attributes", event.attributes);
  inner.close();
  write.constant("Actor", actor);
  write("scope", std::string("local"));
  const std::int64_t nanos = event.at.time_since_epoch().count();
  write("time", nanos / 1'000'000'000);
  write("timeNano", nanos);
  write.close();
  return out + "\n";
}

bool matches(const Filters& filters, const engine::Event& event) {
  // None of these ever happens here.
  for (const char* key : {"plugin", "node", "service", "secret", "config"})
    if (filters.has(key)) return false;
  return filters.admits("type", event.type) && filters.admits("scope", "local") &&
         is_action(filters, event.action) && is_about(filters, "container", event) &&
         is_about(filters, "network", event) && is_about(filters, "volume", event) &&
         is_about(filters, "daemon", event) && is_about_image(filters, event) &&
         filters.admits_labels("label", event.attributes);
}

void add_events(Api& api, engine::Engine& engine) {
  api.add(Method::kGet, "/events",
          [&api, &engine](const CallPtr& call) { listen(call, api, engine); });
}

}  // namespace plimsoll::docker
