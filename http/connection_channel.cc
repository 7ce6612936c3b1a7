// A connection whose exchange was taken over: see Channel.
#include <boost/asio/error.hpp>
#include <utility>

#include "http/connection.h"
#include "http/core.h"

namespace plimsoll::http {

namespace asio = boost::asio;
using boost::system::error_code;

void Connection::open_channel(std::uint64_t exchange, Response head,
                              std::shared_ptr<ChannelState> state) {
  const bool is_here = !closed_ && exchange == exchange_ && phase_ == Phase::kHandling;
  if (!is_here || core_.stopping()) {
    close_channel(*core_.loop, *state);
    if (is_here) answer(exchange, Response::text(503, "the server is stopping\n"));
    return;
  }
  keep_alive_ = false;
  HeadStyle style{.framing = Framing::kUntilEof};
  if (wants_upgrade_) {
    head.status = 101;
    style.framing = Framing::kUpgrade;
  }
  head.body = nullptr;
  channel_ = std::move(state);
  expect(Deadline::kNone, {});
  begin_answer(head, style, Phase::kHijacked);
  watch_for_hang_up();
  if (const std::string early = parser_.take_rest(); !early.empty()) take_input(early);
  if (closed_ || !channel_) return;
  if (input_ended_) return end_input();
  read_more();
}

// A client that closes both its sides looks to a read like one that is done with sending; the
// difference is a hang-up, which also a connection that reads nothing at the moment notices.
void Connection::watch_for_hang_up() {
  socket_.async_wait(asio::socket_base::wait_error,
                     [self = shared_from_this()](const error_code& ec) {
                       if (ec || self->closed_) return;
                       self->hung_up_ = true;
                       // What it sent before is read first; the end of that closes.
                       if (self->input_ended_) self->close();
                     });
}

void Connection::take_input(std::string_view bytes) {
  // Kept: the callback may close, and with that drop what it belongs to.
  const auto channel = channel_;
  if (channel->events.on_data) channel->events.on_data(bytes);
}

void Connection::end_input() {
  if (hung_up_ || output_ended_) return close();
  const auto channel = channel_;
  if (channel->events.on_half_close) channel->events.on_half_close();
}

void Connection::write_channel(const ChannelState& state, Piece piece) {
  if (channel_.get() != &state) return;
  out_.push(std::move(piece));
  flush();
}

void Connection::resume_channel(const ChannelState& state) {
  if (channel_.get() == &state) read_more();
}

void Connection::finish_channel(const ChannelState& state) {
  if (channel_.get() != &state || closed_) return;
  finishing_ = true;
  if (out_.empty()) on_channel_sent();
}

void Connection::end_channel(const ChannelState& state) {
  if (channel_.get() != &state || closed_) return;
  channel_->finished = true;
  ending_ = true;
  if (out_.empty()) on_channel_sent();
}

// Nothing is queued (any more).
void Connection::on_channel_sent() {
  if (ending_) {
    close_channel(*core_.loop, *std::exchange(channel_, nullptr));
    return linger();
  }
  if (!finishing_ || output_ended_) return;
  output_ended_ = true;
  if (input_ended_) return close();
  if (secure_) return;  // TLS has no end of one direction; close() will say it.
  error_code ignored;
  socket_.shutdown(asio::socket_base::shutdown_send, ignored);
}

}  // namespace plimsoll::http
