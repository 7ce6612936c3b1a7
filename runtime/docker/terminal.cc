#include "runtime/docker/terminal.h"

#include <algorithm>
#include <utility>

namespace plimsoll::docker {

namespace {

// The way in from a connection. It runs on the HTTP server's loop, and is gone with the connection.
class Keyboard {
 public:
  Keyboard(TerminalOptions options, std::shared_ptr<engine::Input> input,
           std::shared_ptr<Outlet> outlet)
      : options_(std::move(options)),
        keys_(options_.detach_keys),
        input_(std::move(input)),
        outlet_(std::move(outlet)) {}

  void on_data(std::string_view bytes) {
    if (!options_.input || !input_) return;  // Not asked for: Docker reads it and throws it away.
    if (options_.detach_keys.empty()) return input_->write(bytes);
    const DetachKeys::Typed typed = keys_.take(bytes);
    if (!typed.bytes.empty()) input_->write(typed.bytes);
    if (typed.detach) detach();
  }

  // With a terminal the user has merely gone away: what runs there goes on.
  void on_end() {
    if (options_.input && !options_.tty && input_) input_->end();
  }

  void on_close() {
    on_end();
    input_.reset();
    outlet_->close();
  }

 private:
  void detach() {
    const engine::Output output = outlet_->output();
    input_.reset();
    output.end();
  }

  const TerminalOptions options_;
  DetachKeys keys_;
  std::shared_ptr<engine::Input> input_;
  const std::shared_ptr<Outlet> outlet_;
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
  auto input = begin(outlet->output());
  if (!input) return call->fail(input.error());
  const auto keyboard = std::make_shared<Keyboard>(options, *std::move(input), outlet);
  auto channel =
      call->hijack(stream_type(call->version(), options.tty),
                   {.on_data = [keyboard](std::string_view bytes) { keyboard->on_data(bytes); },
                    .on_half_close = [keyboard] { keyboard->on_end(); },
                    .on_close = [keyboard] { keyboard->on_close(); }});
  outlet->open(sink_of(std::move(channel)));
}

}  // namespace plimsoll::docker
