// What a connection and the handle of its channel share.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

#include "http/channel.h"
#include "http/loop.h"

namespace plimsoll::http {

class Connection;

struct ChannelState {
  std::atomic<std::size_t> pending{0};
  std::atomic<bool> closed{false};
  std::atomic<bool> finished{false};  // finish_writing() or close() was called.
  std::atomic<bool> paused{false};
  ChannelEvents events;  // Loop thread only; empty once it is over.
};

// The channel is over: tells its owner, once, from the loop.
void close_channel(Loop& loop, ChannelState& state);

[[nodiscard]] std::shared_ptr<Channel> channel_handle(std::shared_ptr<Loop> loop,
                                                      std::weak_ptr<Connection> connection,
                                                      std::shared_ptr<ChannelState> state);

}  // namespace plimsoll::http
