// Questions to the engine on its socket.
#pragma once

#include <chrono>
#include <expected>
#include <string>

#include "http/client.h"

namespace plimsoll::agent {

// Why there is no answer to print, and the exit code that says so.
struct NoAnswer {
  std::string message;
  int exit_code = 1;
};

// What to say when no engine could be asked.
[[nodiscard]] NoAnswer no_engine(const std::string& socket, const Error& error);

class EngineClient {
 public:
  // `deadline` is what a change may take in the engine.
  explicit EngineClient(std::string socket, std::chrono::nanoseconds deadline = {});

  // The body of a 200. For everything else a sentence that says what to do.
  [[nodiscard]] std::expected<std::string, NoAnswer> get(const std::string& target) const;
  // Any answer that has a body of the engine's, whatever its status.
  [[nodiscard]] std::expected<http::ClientResponse, NoAnswer> post(const std::string& target,
                                                                   const std::string& json) const;

 private:
  std::string socket_;
  http::ClientOptions options_;
};

// 400 is 2, 404 is 3, 403 is 4, the rest is 1. Pure.
[[nodiscard]] int exit_code_of_status(int status);

}  // namespace plimsoll::agent
