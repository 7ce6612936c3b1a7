#include "http/exchange.h"

#include <array>
#include <charconv>
#include <utility>

#include "http/connection.h"

namespace plimsoll::http {

void close_stream(Loop& loop, StreamState& state) {
  state.closed = true;
  state.wake();
  // Posted, so that a callback may do anything, even stop the server that is calling it.
  if (state.on_close) loop.post(std::exchange(state.on_close, nullptr));
}

std::string chunk_prefix(Framing framing, std::size_t size) {
  if (framing != Framing::kChunked) return {};
  std::array<char, 18> text{};
  char* const end = std::to_chars(text.data(), text.data() + 16, size, 16).ptr;
  return std::string(text.data(), end) + "\r\n";
}

std::string_view chunk_suffix(Framing framing) {
  return framing == Framing::kChunked ? "\r\n" : "";
}

std::string_view last_chunk(Framing framing) {
  return framing == Framing::kChunked ? "0\r\n\r\n" : "";
}

namespace {

class StreamHandle final : public Stream {
 public:
  StreamHandle(std::shared_ptr<Loop> loop, std::weak_ptr<Connection> connection,
               std::shared_ptr<StreamState> state)
      : loop_(std::move(loop)), connection_(std::move(connection)), state_(std::move(state)) {}

  // A response cut off without its last chunk tells the client that it is not complete.
  ~StreamHandle() override {
    if (state_->finished || closed()) return;
    loop_->post([connection = connection_, state = state_] {
      if (const auto target = connection.lock()) target->cut_stream(*state);
    });
  }

  void write(std::shared_ptr<const std::string> frame) override {
    // An empty chunk would mean the end.
    if (!frame || frame->empty() || state_->finished || closed()) return;
    Piece piece{chunk_prefix(state_->framing, frame->size()), nullptr,
                chunk_suffix(state_->framing)};
    piece.body = std::move(frame);
    state_->pending += piece.size();
    loop_->post([connection = connection_, state = state_, piece = std::move(piece)]() mutable {
      if (const auto target = connection.lock()) target->write_stream(*state, std::move(piece));
    });
  }

  [[nodiscard]] std::size_t pending() const override {
    return closed() ? 0 : state_->pending.load();
  }

  [[nodiscard]] bool wait_for_room(std::size_t most) override {
    ++state_->waiting;  // Before looking: whoever changes something afterwards sees it.
    std::unique_lock lock(state_->mutex);
    state_->changed.wait(lock, [&] { return closed() || state_->pending <= most; });
    lock.unlock();
    --state_->waiting;
    return !closed();
  }

  // The last of the server's connections die with it, so a stream of a dead server is closed too.
  [[nodiscard]] bool closed() const override { return state_->closed || connection_.expired(); }

  void finish() override {
    if (state_->finished.exchange(true)) return;
    loop_->post([connection = connection_, state = state_] {
      if (const auto target = connection.lock()) target->finish_stream(*state);
    });
  }

 private:
  const std::shared_ptr<Loop> loop_;
  const std::weak_ptr<Connection> connection_;
  const std::shared_ptr<StreamState> state_;
};

}  // namespace

Responder::Responder(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Responder::Responder(Responder&&) noexcept = default;

Responder& Responder::operator=(Responder&& other) noexcept {
  const Responder old(std::move(*this));  // Answers 500 if it was not answered.
  impl_ = std::move(other.impl_);
  return *this;
}

Responder::~Responder() {
  if (impl_) send(Response::text(500, "no answer\n"));
}

void Responder::send(Response response) {
  const std::shared_ptr<Impl> impl = std::move(impl_);
  if (!impl) return;
  impl->loop->post([impl, response = std::move(response)]() mutable {
    if (const auto target = impl->connection.lock()) target->answer(impl->exchange, response);
  });
}

std::shared_ptr<Stream> Responder::stream(Response head, std::function<void()> on_close,
                                          HalfClose half_close) {
  const std::shared_ptr<Impl> impl = std::move(impl_);
  PLIMSOLL_CHECK(impl != nullptr);  // Answering twice is a bug of the handler.
  auto state = std::make_shared<StreamState>();
  state->framing = impl->stream_framing;
  state->half_close_cancels = half_close == HalfClose::kCancels;
  state->on_close = std::move(on_close);
  impl->loop->post([impl, state, head = std::move(head)]() mutable {
    if (const auto target = impl->connection.lock())
      target->open_stream(impl->exchange, std::move(head), std::move(state));
    else
      close_stream(*impl->loop, *state);
  });
  return std::make_shared<StreamHandle>(impl->loop, impl->connection, std::move(state));
}

std::shared_ptr<Channel> Responder::hijack(Response head, ChannelEvents events) {
  const std::shared_ptr<Impl> impl = std::move(impl_);
  PLIMSOLL_CHECK(impl != nullptr);  // Answering twice is a bug of the handler.
  auto state = std::make_shared<ChannelState>();
  state->events = std::move(events);
  impl->loop->post([impl, state, head = std::move(head)]() mutable {
    if (const auto target = impl->connection.lock())
      target->open_channel(impl->exchange, std::move(head), std::move(state));
    else
      close_channel(*impl->loop, *state);
  });
  return channel_handle(impl->loop, impl->connection, std::move(state));
}

}  // namespace plimsoll::http
