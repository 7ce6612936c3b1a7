// Sends one request body to a remote_write receiver and says what became of it.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace plimsoll::exporter {

struct SendOutcome {
  int status = 0;     // HTTP; 0: no answer came.
  std::string error;  // For the log; "" on success.
  std::optional<std::chrono::seconds> retry_after;

  [[nodiscard]] bool accepted() const { return status / 100 == 2; }
  // The receiver understood and refused: the same body would be refused again. (429 asks for
  // patience, and a 5xx or no answer says nothing about the body.)
  [[nodiscard]] bool refused() const { return status / 100 == 4 && status != 429; }
};

// A seam: libcurl in the product, a list of outcomes in tests. Used from one thread, except
// cancel().
class Sender {
 public:
  virtual ~Sender() = default;
  [[nodiscard]] virtual SendOutcome send(std::string_view body) = 0;
  // Makes the send in progress, and every later one, return soon. From any thread.
  virtual void cancel() = 0;
};

struct RemoteOptions {
  std::string url;  // http:// or https://
  std::chrono::milliseconds timeout{30'000};
  std::vector<std::string> headers;  // "X-Scope-OrgID: team"
  std::string user;                  // Basic authentication when not empty ...
  std::string password_file;         // ... with what this file holds, re-read for each request.
  std::string bearer_token_file;     // Re-read for each request.
  std::string ca_file;               // Instead of the system's trusted authorities.
  std::string cert_file, key_file;   // Client certificate.
};

// Loads libcurl, which an exporter that does not push never has in its memory. kInvalidInput for an
// address that is none; kNotOffered when the library is not installed.
[[nodiscard]] Result<std::unique_ptr<Sender>> make_remote_sender(RemoteOptions options);

}  // namespace plimsoll::exporter
