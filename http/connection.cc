#include "http/connection.h"

#include <boost/asio/error.hpp>
#include <utility>

#include "http/core.h"

namespace plimsoll::http {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// Input beyond the current request that is kept for later; the socket's buffer holds the rest.
constexpr std::size_t kReadAhead = std::size_t{64} * 1024;
// Input after the last request that is thrown away before the connection is.
constexpr std::size_t kDiscardLimit = std::size_t{1} << 20;
// Closing with unread input makes the kernel reset the connection, and the client may then lose the
// answer: it gets this long to notice the end and close first.
constexpr std::chrono::milliseconds kLingerTime{1000};

}  // namespace

Connection::Connection(Core& core, Socket socket, std::string peer)
    : core_(core),
      socket_(std::move(socket)),
      peer_(std::move(peer)),
      timer_(core.loop->context()),
      parser_(core.limits) {}

void Connection::start() {
  core_.set_idle(*this);
  expect(Deadline::kHeader, core_.limits.header_deadline);
  read_more();
}

void Connection::close() {
  if (std::exchange(closed_, true)) return;
  const auto self = shared_from_this();
  error_code ignored;
  socket_.close(ignored);
  timer_.cancel();
  if (stream_) close_stream(*core_.loop, *std::exchange(stream_, nullptr));
  core_.forget(*this);
}

void Connection::drain() {
  keep_alive_ = false;
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
  reading_ = true;
  socket_.async_read_some(asio::buffer(input_),
                          [self = shared_from_this()](const error_code& ec, std::size_t count) {
                            self->on_read(ec, count);
                          });
}

void Connection::on_read(const error_code& ec, std::size_t count) {
  reading_ = false;
  if (closed_) return;
  if (ec == asio::error::eof) return on_input_end();
  if (ec) return close();
  if (phase_ == Phase::kLingering || (phase_ != Phase::kReceiving && !keep_alive_)) {
    // Belongs to no request that will ever be answered.
    discarded_ += count;
    if (discarded_ > kDiscardLimit) return close();
    return read_more();
  }
  parser_.append({input_.data(), count});
  if (phase_ == Phase::kReceiving) return advance();
  // Nobody needs to send that much behind a stream, and reading no further would mean not to notice
  // when the client leaves.
  if (phase_ == Phase::kStreaming && parser_.buffered() >= kReadAhead) return close();
  read_more();
}

void Connection::on_input_end() {
  input_ended_ = true;
  // Between request and answer, the client may have closed its sending side only, and still wants
  // the answer. Waiting for the end of a stream that has none, it has gone.
  const bool wants_answer =
      phase_ == Phase::kAnswering || (phase_ == Phase::kHandling && !core_.stopping());
  if (!wants_answer) close();
}

void Connection::advance() {
  const bool was_head = awaited_ != Deadline::kBody;
  const auto stage = parser_.advance();
  if (!parser_.empty()) core_.set_busy(*this);
  switch (stage) {
    case RequestParser::Stage::kHead:
      if (awaited_ == Deadline::kIdle && !parser_.empty())
        expect(Deadline::kHeader, core_.limits.header_deadline);
      break;
    case RequestParser::Stage::kBody:
      if (was_head) expect(Deadline::kBody, core_.limits.body_deadline);
      if (parser_.take_expectation()) {
        out_.push({"HTTP/1.1 100 Continue\r\n\r\n", nullptr, {}});
        flush();
      }
      break;
    case RequestParser::Stage::kDone:
      dispatch();
      break;
    case RequestParser::Stage::kBad:
      core_.counters.bad_request();
      reject(parser_.problem());
      break;
  }
  read_more();
}

void Connection::dispatch() {
  phase_ = Phase::kHandling;
  expect(Deadline::kNone, {});
  Request request = parser_.take();
  request.peer = peer_;
  ++exchange_;
  is_head_ = request.method == "HEAD";
  http_1_1_ = parser_.manner().http_1_1;
  keep_alive_ = parser_.manner().keep_alive;

  const Router::Match match = core_.router.match(request.method, request.path);
  pattern_ = match.pattern;
  if (match.route == nullptr) {
    if (match.allow.empty()) return answer(exchange_, Response::text(404, "not found\n"));
    Response response = Response::text(405, "method not allowed; allowed: " + match.allow + "\n");
    response.headers.emplace_back("Allow", match.allow);
    return answer(exchange_, response);
  }
  auto impl = std::make_shared<Responder::Impl>();
  impl->loop = core_.loop;
  impl->connection = weak_from_this();
  impl->exchange = exchange_;
  impl->stream_framing = http_1_1_ ? Framing::kChunked : Framing::kUntilEof;
  try {
    match.route->handler(request, Responder(std::move(impl)));
  } catch (...) {  // NOLINT(bugprone-empty-catch)
    // The responder died on the way and answered 500; one bad request must not end the server.
  }
}

void Connection::reject(const Problem& problem) {
  keep_alive_ = false;
  is_head_ = false;
  pattern_.clear();
  begin_answer(Response::text(problem.status, problem.text + "\n"), style_for(Framing::kLength),
               Phase::kAnswering);
}

void Connection::answer(std::uint64_t exchange, const Response& response) {
  if (closed_ || exchange != exchange_ || phase_ != Phase::kHandling) return;
  begin_answer(response, style_for(Framing::kLength), Phase::kAnswering);
}

void Connection::open_stream(std::uint64_t exchange, Response head,
                             std::shared_ptr<StreamState> state) {
  const bool is_here = !closed_ && exchange == exchange_ && phase_ == Phase::kHandling;
  if (!is_here || input_ended_ || core_.stopping()) {
    close_stream(*core_.loop, *state);
    if (!is_here) return;
    if (input_ended_) return close();
    return answer(exchange, Response::text(503, "the server is stopping\n"));
  }
  if (state->framing == Framing::kUntilEof) keep_alive_ = false;
  const HeadStyle style = style_for(state->framing);
  if (is_head_) {
    // Only the head was asked for: nobody is there to read frames.
    close_stream(*core_.loop, *state);
    return begin_answer(head, style, Phase::kAnswering);
  }
  head.body = nullptr;
  stream_ = std::move(state);
  begin_answer(head, style, Phase::kStreaming);
}

void Connection::linger() {
  phase_ = Phase::kLingering;
  // Not waited for by anybody: the first to make room.
  core_.set_idle(*this);
  if (input_ended_ || core_.stopping()) return close();
  error_code ignored;
  socket_.shutdown(asio::socket_base::shutdown_send, ignored);
  expect(Deadline::kLinger, kLingerTime);
  read_more();
}

}  // namespace plimsoll::http
