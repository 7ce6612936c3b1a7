// The sending half of a connection.
#include <boost/asio/error.hpp>
#include <utility>

#include "http/connection.h"
#include "http/core.h"
#include "http/gate.h"

namespace plimsoll::http {

using boost::system::error_code;

HeadStyle Connection::style_for(Framing framing) const {
  HeadStyle style{.framing = framing};
  if (!keep_alive_)
    style.persistence = Persistence::kClose;
  else if (!http_1_1_)
    style.persistence = Persistence::kKeepAlive;
  return style;
}

void Connection::begin_answer(const Response& response, HeadStyle style, Phase phase) {
  phase_ = phase;
  core_.set_busy(*this);
  core_.counters.answered(pattern_, response.status);
  std::span<const std::pair<std::string, std::string>> defaults;
  if (core_.gate) defaults = core_.gate->headers();
  Piece piece{response_head(response, style, core_.date(), defaults), nullptr, {}};
  if (!is_head_ && !is_bodiless(response.status)) piece.body = response.body;
  out_.push(std::move(piece));
  // Whatever is queued before the first frame goes out with the stream and is counted down with it.
  if (stream_) stream_->pending += out_.bytes();
  if (channel_) channel_->pending += out_.bytes();
  flush();
}

void Connection::write_stream(const StreamState& state, Piece piece) {
  if (stream_.get() != &state || phase_ != Phase::kStreaming) return;
  out_.push(std::move(piece));
  flush();
}

void Connection::finish_stream(const StreamState& state) {
  if (stream_.get() != &state || phase_ != Phase::kStreaming) return;
  stream_->finished = true;
  stream_->on_close = nullptr;  // The producer is done; whether the client leaves is ours to see.
  const std::string_view end = last_chunk(stream_->framing);
  stream_->pending += end.size();
  out_.push({{}, nullptr, end});
  phase_ = Phase::kAnswering;  // What is left is an ordinary answer's rest.
  if (out_.empty()) return end_exchange();
  flush();
}

void Connection::cut_stream(const StreamState& state) {
  if (stream_.get() == &state && phase_ == Phase::kStreaming) close();
}

void Connection::flush() {
  if (writing_ || closed_ || out_.empty()) return;
  writing_ = true;
  // Progress is what counts: every piece the kernel takes starts the time anew.
  if (phase_ != Phase::kReceiving && phase_ != Phase::kHijacked)
    expect(Deadline::kWrite, core_.limits.write_deadline);
  auto handler = [self = shared_from_this()](const error_code& ec, std::size_t count) {
    self->on_write(ec, count);
  };
  if (secure_)
    secure_->write_some(out_.gather(gathered_), std::move(handler));
  else
    socket_.async_write_some(out_.gather(gathered_), std::move(handler));
}

void Connection::on_write(const error_code& ec, std::size_t count) {
  writing_ = false;
  if (closed_) return;
  if (ec) return close();
  out_.consume(count);
  if (stream_) {
    stream_->pending -= count;
    stream_->wake();
  }
  if (channel_) channel_->pending -= count;
  if (!out_.empty()) return flush();
  if (phase_ == Phase::kStreaming) expect(Deadline::kNone, {});
  if (phase_ == Phase::kAnswering) end_exchange();
  if (phase_ == Phase::kHijacked) on_channel_sent();
}

void Connection::end_exchange() {
  stream_.reset();
  if (!keep_alive_ || core_.stopping()) return linger();
  phase_ = Phase::kReceiving;
  parser_.next();
  if (parser_.empty()) {
    if (input_ended_) return close();
    core_.set_idle(*this);
    expect(Deadline::kIdle, core_.limits.idle_timeout);
  } else {
    expect(Deadline::kHeader, core_.limits.header_deadline);
  }
  advance();
  // The rest of a request that will not come.
  if (input_ended_ && phase_ == Phase::kReceiving) close();
}

}  // namespace plimsoll::http
