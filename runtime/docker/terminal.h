// A client that took its connection over to talk with processes: attach and exec.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/docker/call.h"
#include "runtime/docker/outlet.h"
#include "runtime/engine/process.h"

namespace plimsoll::docker {

// "ctrl-p,ctrl-q", "a,ctrl-[": the bytes. kInvalid: no such key. Pure.
[[nodiscard]] model::Answer<std::string> parse_detach_keys(std::string_view text);

// Finds the keys in what is typed, which may come in pieces; they are held back as long as they may
// still become the whole sequence.
class DetachKeys {
 public:
  explicit DetachKeys(std::string keys) : keys_(std::move(keys)) {}
  struct Typed {
    std::string bytes;  // To be passed on.
    bool detach = false;
  };
  [[nodiscard]] Typed take(std::string_view bytes);

 private:
  const std::string keys_;
  std::size_t matched_ = 0;
};

struct TerminalOptions {
  bool tty = false;
  bool input = false;
  std::string detach_keys;  // Bytes; empty: none.
};

// Takes the call's connection over once `begin` has attached to the processes, or when it calls
// Output::begins; what it refuses before is answered as usual.
using Begin = std::function<model::Answer<std::shared_ptr<engine::Input>>(engine::Output)>;
void take_over(const CallPtr& call, const TerminalOptions& options, const Begin& begin);

// "application/vnd.docker.raw-stream", or multiplexed, which clients know since 1.42.
[[nodiscard]] std::string stream_type(ApiVersion version, bool tty);

}  // namespace plimsoll::docker
