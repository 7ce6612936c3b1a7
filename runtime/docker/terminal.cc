#include "runtime/docker/terminal.h"

#include <algorithm>
#include <mutex>
#include <utility>

namespace plimsoll::docker {

namespace {

// What a process has not taken of its input. Beyond it the client waits.
constexpr std::size_t kMostInput = std::size_t{1} << 20;

// The way in from a connection. It runs on the HTTP server's loop, and is gone with the connection.
class Keyboard {
 public:
  Keyboard(TerminalOptions options, std::shared_ptr<Outlet> outlet)
      : options_(std::move(options)), keys_(options_.detach_keys), outlet_(std::move(outlet)) {}

  // Before the connection is there.
  void connect(std::shared_ptr<engine::Input> input) {
    const std::lock_guard lock(mutex_);
    input_ = std::move(input);
  }
  // Data may have come before.
  void hold_back(const std::shared_ptr<http::Channel>& channel) {
    const std::lock_guard lock(mutex_);
    channel_ = channel;
    if (input_) pause_if_full(*input_);
  }

  void on_data(std::string_view bytes) {
    const auto input = current();
    if (!options_.input || !input) return;  // Not asked for: Docker reads it and throws it away.
    if (options_.detach_keys.empty()) {
      input->write(bytes);
    } else {
      const DetachKeys::Typed typed = keys_.take(bytes);
      if (!typed.bytes.empty()) input->write(typed.bytes);
      if (typed.detach) return detach();
    }
    const std::lock_guard lock(mutex_);
    pause_if_full(*input);
  }

  // From the engine's thread.
  void on_taken() {
    const std::lock_guard lock(mutex_);
    if (!paused_ || (input_ && input_->pending() > kMostInput / 2)) return;
    paused_ = false;
    if (const auto channel = channel_.lock()) channel->resume_reading();
  }

  // With a terminal the user has merely gone away: what runs there goes on.
  void on_end() {
    const auto input = current();
    if (options_.input && !options_.tty && input) input->end();
  }

  void on_close() {
    on_end();
    forget_input();
    outlet_->close();
  }

 private:
  std::shared_ptr<engine::Input> current() {
    const std::lock_guard lock(mutex_);
    return input_;
  }
  void forget_input() {
    std::shared_ptr<engine::Input> gone;
    const std::lock_guard lock(mutex_);
    gone.swap(input_);
  }
  // The engine may have taken it all meanwhile, and have told us before we paused.
  void pause_if_full(const engine::Input& input) {
    const auto channel = channel_.lock();
    if (paused_ || !channel || input.pending() < kMostInput) return;
    channel->pause_reading();
    paused_ = input.pending() > kMostInput / 2;
    if (!paused_) channel->resume_reading();
  }
  void detach() {
    const engine::Output output = outlet_->output();
    forget_input();
    output.end();
  }

  const TerminalOptions options_;
  DetachKeys keys_;
  const std::shared_ptr<Outlet> outlet_;
  std::mutex mutex_;  // Of what follows.
  std::shared_ptr<engine::Input> input_;
  std::weak_ptr<http::Channel> channel_;
  bool paused_ = false;
};

std::optional<char> key_named(std::string_view name) {
  if (name.size() == 1) return name[0];
  constexpr std::string_view kControl = "ctrl-";
  if (!name.starts_with(kControl) || name.size() != kControl.size() + 1) return std::nullopt;
  const char key = name.back();
  if (key >= 'a' && key <= 'z') return static_cast<char>(key - 'a' + 1);
  if (key == '@') return '\0';
  constexpr std::string_view kMarks = "[\\]^_";
  const std::size_t mark = kMarks.find(key);
  if (mark == std::string_view::npos) return std::nullopt;
  return static_cast<char>(27 + mark);
}

}  // namespace

model::Answer<std::string> parse_detach_keys(std::string_view text) {
  std::string keys;
  while (!text.empty()) {
    const std::string_view name = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), name.size() + 1));
    const auto key = key_named(name);
    if (!key)
      return model::refuse(model::Refused::kInvalid,
                           "Invalid detach keys (" + std::string(name) + ") provided");
    keys += *key;
  }
  return keys;
}

DetachKeys::Typed DetachKeys::take(std::string_view bytes) {
  Typed typed;
  for (const char byte : bytes) {
    if (byte == keys_[matched_]) {
      if (++matched_ < keys_.size()) continue;
      typed.detach = true;
      return typed;
    }
    typed.bytes.append(keys_, 0, matched_);
    matched_ = byte == keys_[0] ? 1 : 0;
    if (matched_ == 0) typed.bytes += byte;
  }
  return typed;
}

std::string stream_type(ApiVersion version, bool tty) {
  const bool raw = tty || version < ApiVersion{1, 42};
  return raw ? "application/vnd.docker.raw-stream" : "application/vnd.docker.multiplexed-stream";
}

void take_over(const CallPtr& call, const TerminalOptions& options, const Begin& begin) {
  const auto outlet = std::make_shared<Outlet>(framing_of(options.tty));
  const auto keyboard = std::make_shared<Keyboard>(options, outlet);
  outlet->on_input_taken([weak = std::weak_ptr(keyboard)] {
    if (const auto held = weak.lock()) held->on_taken();
  });
  auto input = begin(outlet->output());
  if (!input) return call->fail(input.error());
  keyboard->connect(*std::move(input));
  auto channel =
      call->hijack(stream_type(call->version(), options.tty),
                   {.on_data = [keyboard](std::string_view bytes) { keyboard->on_data(bytes); },
                    .on_half_close = [keyboard] { keyboard->on_end(); },
                    .on_close = [keyboard] { keyboard->on_close(); }});
  keyboard->hold_back(channel);
  outlet->open(sink_of(std::move(channel)));
}

}  // namespace plimsoll::docker
