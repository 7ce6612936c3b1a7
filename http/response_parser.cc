#include "http/response_parser.h"

#include <boost/beast/http/basic_parser.hpp>
#include <cstdint>
#include <optional>

#include "http/body_decoder.h"
#include "http/message.h"

namespace plimsoll::http {

namespace {

namespace beast = boost::beast;
using beast::error_code;
using BeastError = beast::http::error;

constexpr std::uint32_t kHeadLimit = 64 * 1024;

class HeadParser final : public beast::http::basic_parser<false> {
 public:
  HeadParser() {
    header_limit(kHeadLimit);
    skip(true);  // The body is BodyDecoder's.
  }

  ResponseHead head;

  [[nodiscard]] BodyDecoder body() const {
    if (is_bodiless(head.status)) return BodyDecoder::of_length(0);
    if (chunked()) return BodyDecoder::chunked(kHeadLimit);
    if (const auto length = content_length()) return BodyDecoder::of_length(*length);
    return BodyDecoder::until_end();
  }

 private:
  void on_request_impl(beast::http::verb, beast::string_view, beast::string_view, int,
                       error_code&) override {}
  void on_response_impl(int status, beast::string_view, int, error_code&) override {
    head.status = status;
  }
  void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value,
                     error_code&) override {
    std::string lower(name);
    for (char& c : lower)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    head.headers.emplace_back(std::move(lower), std::string(value));
  }
  void on_header_impl(error_code&) override {}
  // Not called: see skip().
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(beast::string_view body, error_code&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, error_code&) override {
    return body.size();
  }
  void on_finish_impl(error_code&) override {}
};

}  // namespace

class ResponseParser::Impl {
 public:
  explicit Impl(BodySink sink) : sink_(std::move(sink)) { parser_.emplace(); }

  Result<Progress> feed(std::string_view bytes) {
    buffer_.append(bytes);
    while (!body_) {
      if (!PLIMSOLL_TRY(read_head())) return Progress::kMore;
    }
    return read_body();
  }

  Result<> end() {
    if (body_ && body_->ends_with_connection()) return {};
    if (!body_ && !parser_->got_some())
      return malformed("the connection was closed without an answer");
    return malformed("the answer was cut off");
  }

  [[nodiscard]] const ResponseHead& head() const { return parser_->head; }

 private:
  // False: needs more.
  Result<bool> read_head() {
    if (buffer_.empty()) return false;
    error_code ec;
    const std::size_t used = parser_->put({buffer_.data(), buffer_.size()}, ec);
    buffer_.erase(0, used);
    if (ec == BeastError::need_more) return false;
    if (ec) return malformed("HTTP response: " + ec.message());
    if (!parser_->is_done()) return !buffer_.empty();
    const int status = parser_->head.status;
    if (status == 101) return malformed("101 without having asked");
    if (status / 100 == 1)
      parser_.emplace();
    else
      body_ = parser_->body();
    return true;
  }

  Result<Progress> read_body() {
    std::size_t used = 0;
    for (;;) {
      const BodyDecoder::Piece piece = body_->take(std::string_view(buffer_).substr(used));
      if (body_->refusal()) return malformed(body_->refusal()->text);
      if (piece.used == 0) break;
      used += piece.used;
      if (!piece.data.empty() && !sink_(parser_->head, piece.data)) return Progress::kEnough;
    }
    buffer_.erase(0, used);
    return body_->done() ? Progress::kDone : Progress::kMore;
  }

  const BodySink sink_;
  std::optional<HeadParser> parser_;
  std::optional<BodyDecoder> body_;  // Once the head is complete.
  std::string buffer_;
};

ResponseParser::ResponseParser(BodySink sink) : impl_(std::make_unique<Impl>(std::move(sink))) {}
ResponseParser::~ResponseParser() = default;
Result<ResponseParser::Progress> ResponseParser::feed(std::string_view bytes) {
  return impl_->feed(bytes);
}
Result<> ResponseParser::end() {
  return impl_->end();
}
const ResponseHead& ResponseParser::head() const {
  return impl_->head();
}

}  // namespace plimsoll::http
