#include "http/connection.h"

#include <boost/asio/error.hpp>
#include <utility>

#include "http/core.h"
#include "http/gate.h"

namespace plimsoll::http {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// Input beyond the current request that is kept for later; the socket's buffer holds the rest.
constexpr std::size_t kReadAhead = std::size_t{64} * 1024;
// One read: of a request, and where many bytes are expected.
constexpr std::size_t kRead = std::size_t{4} * 1024;
constexpr std::size_t kBulkRead = std::size_t{64} * 1024;
// Input after the last request that is thrown away before the connection is.
constexpr std::size_t kDiscardLimit = std::size_t{1} << 20;
// Closing with unread input makes the kernel reset the connection, and the client may then lose the
// answer: it gets this long to notice the end and close first.
constexpr std::chrono::milliseconds kLingerTime{1000};

}  // namespace

Connection::Connection(Core& core, Socket socket, std::string peer,
                       std::shared_ptr<const PeerProcess> process, std::shared_ptr<const Door> door)
    : core_(core),
      socket_(std::move(socket)),
      peer_(std::move(peer)),
      process_(std::move(process)),
      door_(std::move(door)),
      timer_(core.loop->context()),
      parser_(core.limits) {
  parser_.hold_bodies();
}

void Connection::start() {
  core_.set_idle(*this);
  expect(Deadline::kHeader, core_.limits.header_deadline);
  if (core_.gate) secure_ = core_.gate->secure(socket_, *door_);
  if (!secure_) return read_more();
  secure_->handshake(
      [self = shared_from_this()](const error_code& ec, std::size_t) { self->on_handshake(ec); });
}

void Connection::on_handshake(const error_code& ec) {
  if (closed_) return;
  if (!ec) return read_more();
  core_.counters.failed_handshake();
  close();
}

void Connection::close() {
  if (std::exchange(closed_, true)) return;
  const auto self = shared_from_this();
  error_code ignored;
  socket_.close(ignored);
  timer_.cancel();
  if (stream_) close_stream(*core_.loop, *std::exchange(stream_, nullptr));
  if (channel_) close_channel(*core_.loop, *std::exchange(channel_, nullptr));
  core_.forget(*this);
}

void Connection::drain() {
  keep_alive_ = false;
  if (phase_ == Phase::kHijacked) return end_channel(*channel_);
  // Nobody waits for what was not asked yet, and hardly anybody after the end of the input.
  if (phase_ == Phase::kReceiving || input_ended_) return close();
  if (phase_ != Phase::kStreaming) return;
  close_stream(*core_.loop, *stream_);
  finish_stream(*stream_);
}

// One read is always outstanding, also while nothing is expected: it is how a client that leaves is
// noticed.
void Connection::read_more() {
  if (reading_ || input_ended_ || closed_ || parser_.buffered() >= kReadAhead) return;
  if ((channel_ && channel_->paused) || spool_is_full()) return;
  input_.resize(channel_ || spool_ ? kBulkRead : kRead);
  reading_ = true;
  auto handler = [self = shared_from_this()](const error_code& ec, std::size_t count) {
    self->on_read(ec, count);
  };
  if (secure_)
    secure_->read_some(asio::buffer(input_), std::move(handler));
  else
    socket_.async_read_some(asio::buffer(input_), std::move(handler));
}

void Connection::on_read(const error_code& ec, std::size_t count) {
  reading_ = false;
  if (closed_) return;
  if (ec == asio::error::eof) return on_input_end();
  if (ec) return close();
  if (phase_ == Phase::kHijacked) {
    take_input({input_.data(), count});
    return read_more();
  }
  // What comes behind a request that is being handled may belong to a channel.
  const bool is_open = phase_ == Phase::kReceiving || phase_ == Phase::kHandling;
  if (phase_ == Phase::kLingering || (!is_open && !keep_alive_)) {
    // Belongs to no request that will ever be answered.
    discarded_ += count;
    if (discarded_ > kDiscardLimit) return close();
    return read_more();
  }
  parser_.append({input_.data(), count});
  if (spool_) expect(Deadline::kBody, core_.limits.body_deadline);
  if (phase_ == Phase::kReceiving) return advance();
  // Nobody needs to send that much behind a stream, and reading no further would mean not to notice
  // when the client leaves.
  if (phase_ == Phase::kStreaming && parser_.buffered() >= kReadAhead) return close();
  read_more();
}

void Connection::on_input_end() {
  input_ended_ = true;
  if (phase_ == Phase::kHijacked) return end_input();
  // Between request and answer, the client may have closed its sending side only, and still wants
  // the answer. Waiting for the end of a stream that has none, it has gone.
  const bool wants_answer = phase_ == Phase::kAnswering ||
                            (phase_ == Phase::kHandling && !core_.stopping()) ||
                            (phase_ == Phase::kStreaming && !stream_->half_close_cancels);
  if (!wants_answer) close();
}

void Connection::linger() {
  phase_ = Phase::kLingering;
  // Not waited for by anybody: the first to make room.
  core_.set_idle(*this);
  if (input_ended_ || core_.stopping()) return close();
  expect(Deadline::kLinger, kLingerTime);
  if (secure_) {
    // The end of a secure answer is said inside: a bare end of the connection could be anybody's.
    secure_->shutdown(
        [self = shared_from_this()](const error_code&, std::size_t) { self->close(); });
    return;
  }
  error_code ignored;
  socket_.shutdown(asio::socket_base::shutdown_send, ignored);
  read_more();
}

}  // namespace plimsoll::http
