#include "agent/push_setup.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

namespace plimsoll::agent {

namespace {

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == 0) return "localhost";
  return name.data();
}

std::vector<exporter::PushLabel> external_labels(const PushConfig& config) {
  std::vector<exporter::PushLabel> labels = config.external_labels;
  const auto add_missing = [&](const char* name, std::string value) {
    if (std::ranges::find(labels, name, &exporter::PushLabel::name) == labels.end())
      labels.push_back({name, std::move(value)});
  };
  add_missing("instance", host_name());
  add_missing("job", "plimsoll");
  return labels;
}

// Where the loop thread puts the text and the pushing thread takes it.
struct Slot {
  std::mutex mutex;
  std::condition_variable_any filled;
  std::optional<exporter::Exposition> exposition;
  bool done = false;
};

std::optional<exporter::Exposition> collect(exporter::Endpoints& endpoints,
                                            const std::stop_token& stop) {
  const auto slot = std::make_shared<Slot>();
  endpoints.expose([slot](std::optional<std::string> text, WallTime at) {
    const std::scoped_lock guard(slot->mutex);
    if (text) slot->exposition = exporter::Exposition{*std::move(text), at};
    slot->done = true;
    slot->filled.notify_all();
  });
  std::unique_lock lock(slot->mutex);
  slot->filled.wait(lock, stop, [&] { return slot->done; });
  return std::move(slot->exposition);
}

}  // namespace

Result<std::unique_ptr<exporter::Pusher>> make_pusher(const PushConfig& config,
                                                      exporter::Endpoints& endpoints) {
  std::unique_ptr<exporter::Sender> sender =
      PLIMSOLL_TRY(exporter::make_remote_sender(config.remote));
  std::unique_ptr<exporter::PushQueue> queue = PLIMSOLL_TRY(
      in("--push.queue-dir", exporter::PushQueue::open(config.queue_dir, config.queue_bytes)));
  exporter::PushOptions options;
  options.interval = config.interval;
  options.batcher.external_labels = external_labels(config);
  options.batcher.samples_per_request = config.samples_per_request;
  auto pusher = std::make_unique<exporter::Pusher>(
      std::move(options),
      [&endpoints](const std::stop_token& stop) { return collect(endpoints, stop); },
      std::move(sender), std::move(queue));
  endpoints.set_push_stats([&pusher = *pusher] { return pusher.stats(); });
  return pusher;
}

}  // namespace plimsoll::agent
