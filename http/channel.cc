#include "http/channel.h"

#include <utility>

#include "http/channel_state.h"
#include "http/connection.h"

namespace plimsoll::http {

void close_channel(Loop& loop, ChannelState& state) {
  if (state.closed.exchange(true)) return;
  // Posted, so that a callback may do anything. What the others hold goes at the same time.
  loop.post([events = std::exchange(state.events, {})] {
    if (events.on_close) events.on_close();
  });
}

namespace {

class ChannelHandle final : public Channel {
 public:
  ChannelHandle(std::shared_ptr<Loop> loop, std::weak_ptr<Connection> connection,
                std::shared_ptr<ChannelState> state)
      : loop_(std::move(loop)), connection_(std::move(connection)), state_(std::move(state)) {}

  ~ChannelHandle() override {
    if (!closed()) end();
  }

  void write(std::shared_ptr<const std::string> frame) override {
    if (!frame || frame->empty() || state_->finished || closed()) return;
    state_->pending += frame->size();
    tell([frame = std::move(frame)](Connection& target, const ChannelState& state) mutable {
      target.write_channel(state, {{}, std::move(frame), {}});
    });
  }

  [[nodiscard]] std::size_t pending() const override {
    return closed() ? 0 : state_->pending.load();
  }
  // The last of the server's connections die with it.
  [[nodiscard]] bool closed() const override { return state_->closed || connection_.expired(); }

  void finish_writing() override {
    if (state_->finished.exchange(true)) return;
    tell([](Connection& target, const ChannelState& state) { target.finish_channel(state); });
  }

  void close() override { end(); }

  // Seen by the loop before its next read, whoever calls.
  void pause_reading() override { state_->paused = true; }
  void resume_reading() override {
    if (!state_->paused.exchange(false)) return;
    tell([](Connection& target, const ChannelState& state) { target.resume_channel(state); });
  }

 private:
  template <class Task>
  void tell(Task task) {
    loop_->post([connection = connection_, state = state_, task = std::move(task)]() mutable {
      if (const auto target = connection.lock()) task(*target, *state);
    });
  }

  void end() {
    state_->finished = true;
    tell([](Connection& target, const ChannelState& state) { target.end_channel(state); });
  }

  const std::shared_ptr<Loop> loop_;
  const std::weak_ptr<Connection> connection_;
  const std::shared_ptr<ChannelState> state_;
};

}  // namespace

std::shared_ptr<Channel> channel_handle(std::shared_ptr<Loop> loop,
                                        std::weak_ptr<Connection> connection,
                                        std::shared_ptr<ChannelState> state) {
  return std::make_shared<ChannelHandle>(std::move(loop), std::move(connection), std::move(state));
}

}  // namespace plimsoll::http
