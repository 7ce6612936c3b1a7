#include "http/request_parser.h"

#include <utility>

namespace plimsoll::http {

RequestParser::Stage RequestParser::advance() {
  if (stage_ == Stage::kHead) advance_head();
  if (stage_ == Stage::kBody) advance_body();
  return stage_;
}

void RequestParser::next() {
  head_ = {};
  scan_ = {};
  stage_ = Stage::kHead;
  skipped_line_ = false;
}

bool RequestParser::take_expectation() {
  // An HTTP/1.0 client cannot mean it, and one that already sends its body does not wait.
  return std::exchange(head_.expects_continue, false) && stage_ == Stage::kBody &&
         head_.manner.http_1_1 && head_.request.body.empty() && buffer_.empty();
}

void RequestParser::refuse(Problem problem) {
  problem_ = std::move(problem);
  stage_ = Stage::kBad;
}

void RequestParser::advance_head() {
  // RFC 9112 section 2.2: one empty line before the request line is an old client's habit.
  if (buffer_.starts_with("\r\n") && !std::exchange(skipped_line_, true)) buffer_.erase(0, 2);
  if (buffer_ == "\r" && !skipped_line_) return;
  // Bytes beyond the limit are not looked at, whether they are there already or not.
  switch (scan_.look(std::string_view(buffer_).substr(0, limits_.header_bytes))) {
    case HeadScan::Verdict::kMore:
      if (buffer_.size() > limits_.header_bytes) refuse({431, "the headers are too large"});
      return;
    case HeadScan::Verdict::kBareLf:
      return refuse({400, "a line does not end in CR LF"});
    case HeadScan::Verdict::kFolded:
      return refuse({400, "a header continues on the next line"});
    case HeadScan::Verdict::kNotHttp:
      return refuse({400, "not an HTTP request"});
    case HeadScan::Verdict::kComplete:
      break;
  }
  parse_head(std::string_view(buffer_).substr(0, scan_.size()));
}

void RequestParser::parse_head(std::string_view head) {
  auto parsed = parse_request_head(head, limits_.header_count);
  if (!parsed) return refuse(std::move(parsed).error());
  head_ = *std::move(parsed);
  body_ = head_.is_chunked ? BodyDecoder::chunked(limits_.header_bytes)
                           : BodyDecoder::of_length(head_.length);
  buffer_.erase(0, head.size());
  most_ = limits_.body_bytes;
  stage_ = holds_ && !body_.done() ? Stage::kHeaded : Stage::kBody;
}

void RequestParser::accept_body(std::uint64_t most) {
  if (stage_ != Stage::kHeaded) return;
  most_ = most;
  stage_ = Stage::kBody;
}

void RequestParser::advance_body() {
  std::size_t used = 0;
  for (;;) {
    const BodyDecoder::Piece piece = body_.take(std::string_view(buffer_).substr(used));
    if (body_.refusal()) return refuse({body_.refusal()->status, body_.refusal()->text});
    if (body_.announced() > most_) return refuse({413, "the body is too large"});
    if (piece.used == 0) break;
    head_.request.body.append(piece.data);
    used += piece.used;
  }
  buffer_.erase(0, used);
  if (body_.done()) stage_ = Stage::kDone;
}

}  // namespace plimsoll::http
