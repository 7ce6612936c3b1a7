#include "http/message.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace plimsoll::http {

namespace {

struct Reason {
  int status;
  std::string_view text;
};

constexpr std::array kReasons = std::to_array<Reason>({
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
});

void append_clean(std::string& out, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out.push_back((byte < 0x20 && c != '\t') || byte == 0x7F ? ' ' : c);
  }
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  append_clean(out, name);
  out += ": ";
  append_clean(out, value);
  out += "\r\n";
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

// Two answers to the question where the body ends is how responses are smuggled.
bool is_framing(std::string_view name) {
  constexpr std::array<std::string_view, 5> kOwn = {"content-length", "transfer-encoding",
                                                    "connection", "date", "upgrade"};
  return std::ranges::any_of(kOwn, [&](auto own) { return equals_ignoring_case(name, own); });
}

bool sets(const Response& response, std::string_view name) {
  return std::ranges::any_of(response.headers, [&](const auto& header) {
    return equals_ignoring_case(header.first, name);
  });
}

Response with_body(int status, std::string body, std::string content_type) {
  Response response;
  response.status = status;
  response.content_type = std::move(content_type);
  response.body = std::make_shared<const std::string>(std::move(body));
  return response;
}

}  // namespace

std::string_view reason_of(int status) {
  const auto* found = std::ranges::lower_bound(kReasons, status, {}, &Reason::status);
  return found != kReasons.end() && found->status == status ? found->text : "Unknown";
}

bool is_bodiless(int status) {
  return status < 200 || status == 204 || status == 304;
}

std::string http_date(std::time_t time) {
  constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  ::gmtime_r(&time, &utc);
  std::array<char, 64> text{};
  const int n = std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                              kDays[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                              kMonths[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900,
                              utc.tm_hour, utc.tm_min, utc.tm_sec);
  return {text.data(), static_cast<std::size_t>(n)};
}

std::string response_head(const Response& response, HeadStyle style, std::string_view date,
                          std::span<const std::pair<std::string, std::string>> defaults) {
  std::string head;
  head.reserve(256);
  head += "HTTP/1.1 ";
  head += std::to_string(response.status);
  head += ' ';
  head += reason_of(response.status);
  head += "\r\n";
  if (!sets(response, "server")) head += "Server: plimsoll\r\n";
  append_header(head, "Date", date);
  const bool has_body = style.framing == Framing::kUpgrade || !is_bodiless(response.status);
  if (!response.content_type.empty() && has_body)
    append_header(head, "Content-Type", response.content_type);
  for (const auto& [name, value] : response.headers)
    if (!is_framing(name)) append_header(head, name, value);
  for (const auto& [name, value] : defaults)
    if (!sets(response, name)) append_header(head, name, value);
  if (style.framing == Framing::kChunked) {
    head += "Transfer-Encoding: chunked\r\n";
  } else if (style.framing == Framing::kLength && !is_bodiless(response.status)) {
    const std::size_t length = response.body ? response.body->size() : 0;
    append_header(head, "Content-Length", std::to_string(length));
  }
  if (style.framing == Framing::kUpgrade) head += "Connection: Upgrade\r\nUpgrade: tcp\r\n";
  if (style.persistence == Persistence::kClose) head += "Connection: close\r\n";
  if (style.persistence == Persistence::kKeepAlive) head += "Connection: keep-alive\r\n";
  head += "\r\n";
  return head;
}

Response Response::text(int status, std::string body) {
  return with_body(status, std::move(body), "text/plain; charset=utf-8");
}

Response Response::json(int status, std::string body) {
  return with_body(status, std::move(body), "application/json");
}

std::string_view Request::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers)
    if (name == lower_case_name) return value;
  return {};
}

const std::string* Request::parameter(std::string_view name) const {
  for (const auto& [key, value] : query)
    if (key == name) return &value;
  return nullptr;
}

}  // namespace plimsoll::http
