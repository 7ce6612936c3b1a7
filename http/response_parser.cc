#include "http/response_parser.h"

#include <boost/beast/http/basic_parser.hpp>
#include <cstdint>
#include <optional>

namespace plimsoll::http {

namespace {

namespace beast = boost::beast;
using beast::error_code;
using BeastError = beast::http::error;

constexpr std::uint32_t kHeadLimit = 64 * 1024;

class Parser final : public beast::http::basic_parser<false> {
 public:
  explicit Parser(const ResponseParser::BodySink& sink) : sink_(sink) {
    eager(true);
    header_limit(kHeadLimit);
    body_limit(boost::none);  // The sink decides.
  }

  ResponseHead head;
  bool enough = false;

 private:
  void on_request_impl(beast::http::verb, beast::string_view, beast::string_view, int,
                       error_code&) override {}
  void on_response_impl(int status, beast::string_view, int, error_code&) override {
    head.status = status;
  }
  void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value,
                     error_code&) override {
    if (is_header_done()) return;  // Trailers.
    std::string lower(name);
    for (char& c : lower)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    head.headers.emplace_back(std::move(lower), std::string(value));
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(beast::string_view body, error_code& ec) override {
    return deliver(body, ec);
  }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, error_code& ec) override {
    return deliver(body, ec);
  }
  void on_finish_impl(error_code&) override {}

  std::size_t deliver(beast::string_view body, error_code& ec) {
    if (!body.empty() && !sink_(head, body)) {
      enough = true;
      ec = BeastError::end_of_stream;  // Any error stops the parsing.
    }
    return body.size();
  }

  const ResponseParser::BodySink& sink_;
};

}  // namespace

class ResponseParser::Impl {
 public:
  explicit Impl(BodySink sink) : sink_(std::move(sink)) { parser_.emplace(sink_); }

  Result<Progress> feed(std::string_view bytes) {
    buffer_.append(bytes);
    std::size_t used = 0;
    error_code ec;
    while (used < buffer_.size() && !ec) {
      used += parser_->put({buffer_.data() + used, buffer_.size() - used}, ec);
      if (parser_->enough) return Progress::kEnough;
      if (!parser_->is_done() || ec) continue;
      if (parser_->head.status / 100 != 1) return Progress::kDone;
      if (parser_->head.status == 101) return malformed("101 without having asked");
      parser_.emplace(sink_);
    }
    if (ec && ec != BeastError::need_more) return malformed("HTTP response: " + ec.message());
    buffer_.erase(0, used);
    if (buffer_.size() > kHeadLimit) return malformed("HTTP response: a line without end");
    return Progress::kMore;
  }

  Result<> end() {
    if (!parser_->got_some()) return malformed("the connection was closed without an answer");
    error_code ec;
    parser_->put_eof(ec);
    if (ec) return malformed("the answer was cut off");
    return {};
  }

  [[nodiscard]] const ResponseHead& head() const { return parser_->head; }

 private:
  const BodySink sink_;
  std::optional<Parser> parser_;
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
