// From the bytes of a request to its handler, past the gate.
#include <algorithm>
#include <ranges>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "http/connection.h"
#include "http/core.h"
#include "http/gate.h"

namespace plimsoll::http {

namespace {

bool asks_for_upgrade(const Request& request) {
  const std::string_view connection = request.header("connection");
  const auto is_upgrade = [](std::string_view word) {
    constexpr std::string_view kUpgrade = "upgrade";
    return std::ranges::equal(word, kUpgrade, {},
                              [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  };
  if (request.header("upgrade").empty()) return false;
  for (const auto part : std::views::split(connection, ','))
    if (is_upgrade(trim(std::string_view(part.begin(), part.end())))) return true;
  return false;
}

}  // namespace

void Connection::advance() {
  const bool was_head = awaited_ != Deadline::kBody;
  const auto stage = parser_.advance();
  if (!parser_.empty()) core_.set_busy(*this);
  switch (stage) {
    case RequestParser::Stage::kHead:
      if (awaited_ == Deadline::kIdle && !parser_.empty())
        expect(Deadline::kHeader, core_.limits.header_deadline);
      break;
    case RequestParser::Stage::kHeaded:
      return choose_body();
    case RequestParser::Stage::kBody:
      if (spool_) std::ignore = feed_spool();
      if (was_head) expect(Deadline::kBody, core_.limits.body_deadline);
      if (parser_.take_expectation()) {
        out_.push({"HTTP/1.1 100 Continue\r\n\r\n", nullptr, {}});
        flush();
      }
      break;
    case RequestParser::Stage::kDone:
      if (!spool_ || feed_spool()) dispatch();
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
  request.process = process_;
  request.body_file = take_spool();
  ++exchange_;
  is_head_ = request.method == "HEAD";
  http_1_1_ = parser_.manner().http_1_1;
  wants_upgrade_ = http_1_1_ && asks_for_upgrade(request);
  keep_alive_ = parser_.manner().keep_alive;
  pattern_.clear();
  if (!core_.gate) return route(request);
  const Verdict verdict = core_.gate->check(request, *door_);
  switch (verdict.word) {
    case Verdict::Word::kYes:
      return route(request);
    case Verdict::Word::kNo:
      return answer(exchange_, verdict.refusal);
    case Verdict::Word::kAsk:
      return ask_gate(std::make_shared<const Request>(std::move(request)));
  }
}

// The connection may be gone by the time the answer comes, or even the server.
void Connection::ask_gate(const std::shared_ptr<const Request>& request) {
  core_.gate->ask(*request, [loop = core_.loop, self = weak_from_this(), exchange = exchange_,
                             request](std::optional<Response> refusal) {
    loop->post([self, exchange, request, refusal = std::move(refusal)] {
      const auto target = self.lock();
      if (!target || target->closed_ || target->exchange_ != exchange) return;
      if (refusal) return target->answer(exchange, *refusal);
      target->route(*request);
    });
  });
}

void Connection::route(const Request& request) {
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
  spool_.reset();
  choosing_ = false;
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
  const bool has_left = input_ended_ && state->half_close_cancels;
  if (!is_here || has_left || core_.stopping()) {
    close_stream(*core_.loop, *state);
    if (!is_here) return;
    if (has_left) return close();
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

}  // namespace plimsoll::http
