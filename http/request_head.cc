#include "http/request_head.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <limits>
#include <optional>
#include <utility>

#include "http/target.h"

namespace plimsoll::http {

namespace {

namespace beast = boost::beast;
using beast::error_code;
using BeastError = beast::http::error;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

// "HTTP/2.0" is a version, just not ours; "HTTP/1.1x" is nonsense.
bool ends_with_version(std::string_view line) {
  if (line.size() < 9 || std::ranges::count(line, ' ') != 2) return false;
  const std::string_view tail = line.substr(line.size() - 9);
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return tail.starts_with(" HTTP/") && digit(tail[6]) && tail[7] == '.' && digit(tail[8]);
}

// Beast's grammar with our rules for the head: fills a Request, and says why if it refuses.
class HeadParser final : public beast::http::basic_parser<true> {
 public:
  explicit HeadParser(std::size_t max_fields) : max_fields_(max_fields) {
    // The head is measured before it comes here, and the parser's own limit counts otherwise.
    header_limit(std::numeric_limits<std::uint32_t>::max());
    skip(true);  // The body is BodyDecoder's.
  }

  Request request;
  bool http_1_1 = true;
  std::optional<Problem> problem;
  bool expects_continue = false;

 private:
  void refuse(error_code& ec, int status, std::string text) {
    problem = Problem{status, std::move(text)};
    ec = BeastError::bad_field;  // Any error ends the parsing; ours is what counts.
  }

  void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target,
                       int version, error_code& ec) override {
    http_1_1 = version == 11;
    request.method = std::string(method);
    request.target = std::string(target);
    Result<Target> parsed = http::parse_target(request.target);
    if (!parsed) return refuse(ec, 400, parsed.error().subject);
    request.path = std::move(parsed->path);
    request.query = std::move(parsed->query);
  }

  void on_response_impl(int, beast::string_view, int, error_code&) override {}

  void on_field_impl(beast::http::field field, beast::string_view name, beast::string_view value,
                     error_code& ec) override {
    using beast::http::field::content_length, beast::http::field::expect, beast::http::field::host,
        beast::http::field::transfer_encoding;
    if (++fields_ > max_fields_) return refuse(ec, 431, "too many headers");
    if (field == content_length && std::exchange(has_length_, true))
      return refuse(ec, 400, "more than one Content-Length");
    // Beast reads "5, 5" as 5.
    if (field == content_length && value.find(',') != beast::string_view::npos)
      return refuse(ec, 400, "more than one Content-Length");
    if (field == transfer_encoding) {
      if (std::exchange(has_coding_, true)) return refuse(ec, 400, "repeated Transfer-Encoding");
      if (lower(value) != "chunked") return refuse(ec, 501, "only the chunked coding is known");
    }
    if (field == host && std::exchange(has_host_, true))
      return refuse(ec, 400, "more than one Host");
    if (field == expect) {
      if (lower(value) != "100-continue") return refuse(ec, 417, "unknown expectation");
      expects_continue = true;
    }
    request.headers.emplace_back(lower(name), std::string(value));
  }

  void on_header_impl(error_code& ec) override {
    if (has_length_ && has_coding_)
      return refuse(ec, 400, "both Content-Length and Transfer-Encoding");
    if (has_coding_ && !http_1_1) return refuse(ec, 400, "Transfer-Encoding in HTTP/1.0");
    if (!has_host_ && http_1_1) return refuse(ec, 400, "no Host header");
  }

  // Not called: see skip().
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(beast::string_view body, error_code&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, error_code&) override {
    return body.size();
  }
  void on_finish_impl(error_code&) override {}

  const std::size_t max_fields_;
  std::size_t fields_ = 0;
  bool has_length_ = false;
  bool has_coding_ = false;
  bool has_host_ = false;
};

Problem problem_of(const error_code& ec, std::string_view head) {
  if (ec == BeastError::bad_version) {
    if (ends_with_version(head.substr(0, head.find('\r')))) return {505, "only HTTP/1.0 and 1.1"};
    return {400, "malformed request line"};
  }
  if (ec == BeastError::bad_method || ec == BeastError::bad_target)
    return {400, "malformed request line"};
  if (ec == BeastError::bad_content_length || ec == BeastError::multiple_content_length)
    return {400, "malformed Content-Length"};
  if (ec == BeastError::bad_transfer_encoding) return {400, "malformed Transfer-Encoding"};
  if (ec == BeastError::bad_line_ending) return {400, "a line does not end in CR LF"};
  return {400, "malformed header"};
}

}  // namespace

std::expected<RequestHead, Problem> parse_request_head(std::string_view head,
                                                       std::size_t max_fields) {
  HeadParser parser(max_fields);
  error_code ec;
  parser.put({head.data(), head.size()}, ec);
  if (parser.problem) return std::unexpected(*std::move(parser.problem));
  if (ec) return std::unexpected(problem_of(ec, head));
  return RequestHead{.request = std::move(parser.request),
                     .manner = {.http_1_1 = parser.http_1_1, .keep_alive = parser.keep_alive()},
                     .expects_continue = parser.expects_continue,
                     .is_chunked = parser.chunked(),
                     .length = parser.content_length().value_or(0)};
}

}  // namespace plimsoll::http
