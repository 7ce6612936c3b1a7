// The engine's Docker API over its socket, as the command line asks it: one connection a question,
// which may last as long as a container runs. Blocking. Thread: each exchange is one thread's.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/limit/engine_client.h"
#include "base/fd.h"
#include "http/response_parser.h"

namespace plimsoll::agent {

template <class T = void>
using ApiAnswer = std::expected<T, NoAnswer>;

struct ApiQuestion {
  std::string method = "GET";
  std::string target;  // "/containers/json?all=1", without the version.
  std::string json;
  std::vector<std::pair<std::string, std::string>> headers;
  const Fd* upload = nullptr;  // A file or pipe that is sent as it is, in chunks.
  bool upgrade = false;        // Asks for the bare connection.
};

// An answer that has begun.
class ApiExchange {
 public:
  ApiExchange(Fd socket, std::string early);
  ApiExchange(ApiExchange&&) = default;
  ApiExchange& operator=(ApiExchange&&) = default;
  ~ApiExchange() = default;

  [[nodiscard]] int status() const { return status_; }
  // The rest of the body, piece by piece, until its end or until `take` says false.
  [[nodiscard]] Result<> read(const std::function<bool(std::string_view)>& take);
  [[nodiscard]] Result<std::string> read_all();

  // After 101: the connection, and what came with the head.
  [[nodiscard]] const Fd& socket() const { return socket_; }
  [[nodiscard]] const std::string& early() const { return early_; }

 private:
  friend class EngineApi;
  Fd socket_;
  std::string early_;  // What was received and not looked at: head included, except after 101.
  int status_ = 0;
};

class EngineApi {
 public:
  explicit EngineApi(std::string socket) : socket_(std::move(socket)) {}

  // Returns when the head of the answer is there. Any status.
  [[nodiscard]] ApiAnswer<ApiExchange> begin(const ApiQuestion& question) const;
  // The body of a 2xx or 304; else what the engine says, and the exit code for it.
  [[nodiscard]] ApiAnswer<std::string> ask(const ApiQuestion& question) const;
  // For what may fail without harm: nobody is told.
  void tell(const ApiQuestion& question) const;
  // The same for an answer that comes in pieces.
  [[nodiscard]] ApiAnswer<> follow(const ApiQuestion& question,
                                   const std::function<bool(std::string_view)>& take) const;
  // Of an exchange whose status is no success.
  [[nodiscard]] static NoAnswer refusal(ApiExchange& exchange);

 private:
  std::string socket_;
};

// Whether the container of this GET /containers/NAME/json has a terminal: its logs have no frames
// then. Pure.
[[nodiscard]] bool has_terminal(std::string_view inspected);
// {"message":"..."} or the text itself. Pure.
[[nodiscard]] std::string message_in(std::string_view body);

}  // namespace plimsoll::agent
