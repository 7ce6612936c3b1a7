#include "agent/containers/engine_api.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>

#include "agent/exit_code.h"
#include "base/json.h"
#include "http/address.h"
#include "http/client_socket.h"

namespace plimsoll::agent {
namespace {

constexpr const char* kVersion = "/v1.44";
constexpr std::size_t kPiece = std::size_t{64} << 10;
constexpr std::size_t kHeadLimit = std::size_t{64} << 10;

// Containers may run for months: nothing but the other side ends a wait.
http::TimePoint never() {
  return std::chrono::steady_clock::now() + std::chrono::hours(24 * 365);
}

std::string head_of(const ApiQuestion& question) {
  std::string text = question.method + " " + kVersion + question.target +
                     " HTTP/1.1\r\nHost: localhost\r\nUser-Agent: plimsoll/" PLIMSOLL_VERSION
                     "\r\n";
  for (const auto& [name, value] : question.headers) text += name + ": " + value + "\r\n";
  text += question.upgrade ? "Connection: Upgrade\r\nUpgrade: tcp\r\n" : "Connection: close\r\n";
  if (question.upload != nullptr)
    return text + "Content-Type: application/x-tar\r\nTransfer-Encoding: chunked\r\n\r\n";
  if (!question.json.empty()) text += "Content-Type: application/json\r\n";
  return text + "Content-Length: " + std::to_string(question.json.size()) + "\r\n\r\n" +
         question.json;
}

Result<> upload(const Fd& socket, const Fd& file, const std::string& endpoint) {
  std::string piece(kPiece, '\0');
  for (;;) {
    const ssize_t n = ::read(file.get(), piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_failure("read", "the archive");
    std::array<char, 24> size{};
    std::snprintf(size.data(), size.size(), "%zx\r\n", static_cast<std::size_t>(n));
    const std::string chunk = size.data() + piece.substr(0, static_cast<std::size_t>(n)) + "\r\n";
    // Who refuses the archive closes before its end: the answer says why.
    if (const auto sent = http::send_all(socket, chunk, endpoint, never()); !sent) {
      if (sent.error().os_error == EPIPE || sent.error().os_error == ECONNRESET) return {};
      return std::unexpected(sent.error());
    }
    if (n == 0) return {};
  }
}

// Up to and including the empty line, and what came with it.
Result<std::string> receive_head(const Fd& socket, const std::string& endpoint) {
  std::string text;
  std::array<char, 4096> piece{};
  while (text.find("\r\n\r\n") == std::string::npos) {
    if (text.size() > kHeadLimit) return malformed("the head of the answer does not end");
    const std::size_t n = PLIMSOLL_TRY(http::receive(socket, piece, endpoint, never()));
    if (n == 0) return failure(ErrorKind::kGone, "receive", endpoint + ": no answer came");
    text.append(piece.data(), n);
  }
  return text;
}

Result<ApiExchange> exchange(const std::string& path, const ApiQuestion& question) {
  const std::string endpoint = "unix:" + path;
  const http::Address address = PLIMSOLL_TRY(http::parse_address(endpoint));
  Fd socket = PLIMSOLL_TRY(http::connect_to(
      address, endpoint, std::chrono::steady_clock::now() + std::chrono::seconds(10)));
  PLIMSOLL_TRY(http::send_all(socket, head_of(question), endpoint, never()));
  if (question.upload != nullptr) PLIMSOLL_TRY(upload(socket, *question.upload, endpoint));
  std::string head = PLIMSOLL_TRY(receive_head(socket, endpoint));
  return ApiExchange(std::move(socket), std::move(head));
}

bool is_success(int status) {
  return status / 100 == 2 || status == 304;
}

}  // namespace

bool has_terminal(std::string_view inspected) {
  const auto document = json::parse(inspected);
  const json::Value* config = document ? document->root.find("Config") : nullptr;
  const json::Value* tty = config != nullptr ? config->find("Tty") : nullptr;
  return tty != nullptr && tty->boolean;
}

std::string message_in(std::string_view body) {
  if (const auto document = json::parse(body))
    if (const json::Value* message = document->root.find("message");
        message != nullptr && message->type == json::Type::kString)
      return std::string(message->text);
  return std::string(body.substr(0, body.find_last_not_of("\r\n") + 1));
}

ApiExchange::ApiExchange(Fd socket, std::string early)
    : socket_(std::move(socket)), early_(std::move(early)) {
  if (early_.size() > 12 && early_.starts_with("HTTP/1."))
    for (const char c : std::string_view(early_).substr(9, 3)) status_ = status_ * 10 + (c - '0');
  if (status_ == 101) early_.erase(0, early_.find("\r\n\r\n") + 4);
}

Result<> ApiExchange::read(const std::function<bool(std::string_view)>& take) {
  http::ResponseParser parser(
      [&](const http::ResponseHead&, std::string_view piece) { return take(piece); });
  std::array<char, kPiece> piece{};
  std::string_view bytes = early_;
  for (;;) {
    const auto progress = PLIMSOLL_TRY(parser.feed(bytes));
    if (progress != http::ResponseParser::Progress::kMore) return {};
    const std::size_t n = PLIMSOLL_TRY(http::receive(socket_, piece, "the engine", never()));
    if (n == 0) return parser.end();
    bytes = {piece.data(), n};
  }
}

Result<std::string> ApiExchange::read_all() {
  std::string body;
  PLIMSOLL_TRY(read([&](std::string_view piece) {
    body += piece;
    return true;
  }));
  return body;
}

ApiAnswer<ApiExchange> EngineApi::begin(const ApiQuestion& question) const {
  auto begun = exchange(socket_, question);
  if (!begun) return std::unexpected(no_engine(socket_, begun.error()));
  return *std::move(begun);
}

NoAnswer EngineApi::refusal(ApiExchange& exchange) {
  const auto body = exchange.read_all();
  std::string message = body ? message_in(*body) : body.error().message();
  if (message.empty()) message = "the engine answered " + std::to_string(exchange.status());
  return {std::move(message), exit_code_of_status(exchange.status())};
}

ApiAnswer<std::string> EngineApi::ask(const ApiQuestion& question) const {
  std::string body;
  const auto asked = follow(question, [&](std::string_view piece) {
    body += piece;
    return true;
  });
  if (!asked) return std::unexpected(asked.error());
  return body;
}

void EngineApi::tell(const ApiQuestion& question) const {
  if (const auto done = ask(question); !done) return;
}

ApiAnswer<> EngineApi::follow(const ApiQuestion& question,
                              const std::function<bool(std::string_view)>& take) const {
  auto begun = begin(question);
  if (!begun) return std::unexpected(begun.error());
  if (!is_success(begun->status())) return std::unexpected(refusal(*begun));
  if (const auto read = begun->read(take); !read)
    return std::unexpected(NoAnswer{read.error().message(), kExitFailure});
  return {};
}

}  // namespace plimsoll::agent
