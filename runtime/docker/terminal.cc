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

  // What was typed before goes there first.
  void connect(const std::shared_ptr<engine::Input>& input) {
    for (;;) {
      std::string early;
      {
        const std::lock_guard lock(mutex_);
        if (is_gone_) return;
        early.swap(early_);
        if (early.empty()) {
          input_ = input;
          is_connected_ = true;
          break;
        }
      }
      if (!type(*input, early)) return;
    }
    if (ended_early_) on_end();
    on_taken();  // Reading goes on, if it was held back meanwhile.
  }
  // Data may have come before.
  void hold_back(const std::shared_ptr<http::Channel>& channel) {
    const std::lock_guard lock(mutex_);
    channel_ = channel;
    if (input_) pause_if_full(*input_);
  }

  void on_data(std::string_view bytes) {
    if (!options_.input) return;  // Not asked for: Docker reads it and throws it away.
    const auto input = current_for(bytes);
    if (!input || !type(*input, bytes)) return;
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
    const auto input = current_at_end();
    if (options_.input && !options_.tty && input) input->end();
  }

  void on_close() {
    on_end();
    forget_input();
    outlet_->close();
  }

 private:
  // Nothing: the bytes are kept, or nobody wants them.
  std::shared_ptr<engine::Input> current_for(std::string_view bytes) {
    const std::lock_guard lock(mutex_);
    if (is_connected_ || is_gone_) return input_;
    early_ += bytes;
    const auto channel = channel_.lock();
    if (early_.size() >= kMostInput && channel && !std::exchange(paused_, true))
      channel->pause_reading();
    return nullptr;
  }
  std::shared_ptr<engine::Input> current_at_end() {
    const std::lock_guard lock(mutex_);
    ended_early_ = !is_connected_;
    return input_;
  }
  void forget_input() {
    std::shared_ptr<engine::Input> gone;
    const std::lock_guard lock(mutex_);
    is_gone_ = true;
    gone.swap(input_);
  }
  // False: the user has typed the keys, and is gone.
  bool type(engine::Input& input, std::string_view bytes) {
    if (options_.detach_keys.empty()) {
      input.write(bytes);
      return true;
    }
    const DetachKeys::Typed typed = keys_.take(bytes);
    if (!typed.bytes.empty()) input.write(typed.bytes);
    if (typed.detach) detach();
    return !typed.detach;
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
  std::string early_;  // Typed before there was an input.
  bool ended_early_ = false;
  bool is_connected_ = false;
  bool is_gone_ = false;
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
  bool taken = false;
  const auto take = [&] {
    taken = true;
    auto channel =
        call->hijack(stream_type(call->version(), options.tty),
                     {.on_data = [keyboard](std::string_view bytes) { keyboard->on_data(bytes); },
                      .on_half_close = [keyboard] { keyboard->on_end(); },
                      .on_close = [keyboard] { keyboard->on_close(); }});
    keyboard->hold_back(channel);
    outlet->open(sink_of(std::move(channel)));
  };
  engine::Output output = outlet->output();
  output.begins = take;  // During `begin` only.
  auto input = begin(std::move(output));
  if (!input) return taken ? outlet->output().end() : call->fail(input.error());
  keyboard->connect(*std::move(input));
  if (!taken) take();
}

}  // namespace plimsoll::docker
