#include "http/client.h"

#include <algorithm>
#include <array>

#include "http/client_socket.h"
#include "http/message.h"
#include "http/response_parser.h"

namespace plimsoll::http {

namespace {

using std::chrono::steady_clock;

// Of an error's body, in the subject.
constexpr std::size_t kExcerpt = 1024;

class PlainChannel final : public ClientChannel {
 public:
  PlainChannel(Fd socket, std::string endpoint)
      : socket_(std::move(socket)), endpoint_(std::move(endpoint)) {}

  Result<> send_all(std::string_view bytes, TimePoint deadline) override {
    return http::send_all(socket_, bytes, endpoint_, deadline);
  }
  Result<std::size_t> receive(std::span<char> into, TimePoint deadline) override {
    return http::receive(socket_, into, endpoint_, deadline);
  }

 private:
  const Fd socket_;
  const std::string endpoint_;
};

Result<std::string> request_text(const Address& address, const std::string& endpoint,
                                 const std::string& target, const ClientOptions& options,
                                 const Body* body) {
  const bool clean =
      std::ranges::all_of(target, [](char c) { return c > ' ' && c != 0x7F && c != '#'; });
  if (!target.starts_with('/') || !clean)
    return invalid_input("request", "target '" + target + "': not a path, or not encoded");
  // What stands behind a unix socket has no name; Go's servers insist on one.
  const std::string host = address.kind == Address::Kind::kUnix ? "localhost" : endpoint;
  const std::string authorization =
      options.authorization.empty() ? std::string() : "\r\nAuthorization: " + options.authorization;
  std::string text =
      (body == nullptr ? "GET " : "POST ") + target + " HTTP/1.1\r\nHost: " + host + authorization +
      "\r\nUser-Agent: plimsoll/" PLIMSOLL_VERSION "\r\nAccept: */*\r\nConnection: close\r\n";
  if (body == nullptr) return text + "\r\n";
  text += "Content-Type: " + body->content_type;
  return text + "\r\nContent-Length: " + std::to_string(body->text.size()) + "\r\n\r\n" +
         body->text;
}

// Until the response is complete, the server ends, or the parser's sink had enough. `next_deadline`
// is asked before each wait.
Result<> exchange(const std::string& endpoint, const std::string& target,
                  const ClientOptions& options, ResponseParser& parser,
                  const std::function<TimePoint()>& next_deadline, const Body* body = nullptr) {
  const Address address = PLIMSOLL_TRY(parse_address(endpoint));
  const std::string request = PLIMSOLL_TRY(request_text(address, endpoint, target, options, body));
  const TimePoint connect_by =
      std::min(steady_clock::now() + options.connect_timeout, next_deadline());
  Fd socket = PLIMSOLL_TRY(connect_to(address, endpoint, connect_by));
  const Peer peer{address, endpoint};
  const auto channel =
      PLIMSOLL_TRY(options.channel ? options.channel(std::move(socket), peer, next_deadline())
                                   : make_plain_channel(std::move(socket), peer, next_deadline()));
  PLIMSOLL_TRY(channel->send_all(request, next_deadline()));
  std::array<char, std::size_t{16} * 1024> input{};
  for (;;) {
    const std::size_t n = PLIMSOLL_TRY(channel->receive(input, next_deadline()));
    if (n == 0) return in(endpoint, parser.end());
    const auto progress = PLIMSOLL_TRY(in(endpoint, parser.feed({input.data(), n})));
    if (progress != ResponseParser::Progress::kMore) return {};
  }
}

bool is_success(int status) {
  return status / 100 == 2;
}

// GET without a body, POST with one.
Result<ClientResponse> whole_answer(const std::string& endpoint, const std::string& target,
                                    const ClientOptions& options, const Body* body) {
  ClientResponse response;
  bool too_large = false;
  ResponseParser parser([&](const ResponseHead&, std::string_view piece) {
    too_large = response.body.size() + piece.size() > options.max_body;
    if (!too_large) response.body.append(piece);
    return !too_large;
  });
  const TimePoint deadline = steady_clock::now() + options.timeout;
  PLIMSOLL_TRY(exchange(endpoint, target, options, parser, [&] { return deadline; }, body));
  if (too_large)
    return failure(ErrorKind::kRejected, "receive",
                   endpoint + target + ": the body is larger than " +
                       std::to_string(options.max_body) + " bytes");
  response.status = parser.head().status;
  response.headers = parser.head().headers;
  return response;
}

// Piece by piece; `body` as above.
Result<> pieces(const std::string& endpoint, const std::string& target, const Body* body,
                const std::function<bool(std::string_view)>& on_data,
                const ClientOptions& options) {
  std::string refusal;
  ResponseParser parser([&](const ResponseHead& head, std::string_view piece) {
    if (is_success(head.status)) return on_data(piece);
    refusal.append(piece.substr(0, kExcerpt - refusal.size()));
    return refusal.size() < kExcerpt;
  });
  PLIMSOLL_TRY(exchange(
      endpoint, target, options, parser, [&] { return steady_clock::now() + options.timeout; },
      body));
  if (is_success(parser.head().status)) return {};
  const int status = parser.head().status;
  return failure(ErrorKind::kRejected, body == nullptr ? "GET" : "POST",
                 endpoint + target + ": " + std::to_string(status) + " " +
                     std::string(reason_of(status)) + ": " + refusal);
}

}  // namespace

Result<std::unique_ptr<ClientChannel>> make_plain_channel(Fd socket, const Peer& peer, TimePoint) {
  return std::make_unique<PlainChannel>(std::move(socket), peer.endpoint);
}

Result<ClientResponse> get(const std::string& endpoint, const std::string& target,
                           const ClientOptions& options) {
  return whole_answer(endpoint, target, options, nullptr);
}

Result<ClientResponse> post(const std::string& endpoint, const std::string& target,
                            const Body& body, const ClientOptions& options) {
  return whole_answer(endpoint, target, options, &body);
}

Result<> stream(const std::string& endpoint, const std::string& target,
                const std::function<bool(std::string_view)>& on_data,
                const ClientOptions& options) {
  return pieces(endpoint, target, nullptr, on_data, options);
}

Result<> stream_post(const std::string& endpoint, const std::string& target, const Body& body,
                     const std::function<bool(std::string_view)>& on_data,
                     const ClientOptions& options) {
  return pieces(endpoint, target, &body, on_data, options);
}

}  // namespace plimsoll::http
