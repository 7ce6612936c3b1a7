// One request of Docker's API, from its arrival to its answer.
//
// Handlers run on a worker and may block. Each call is answered exactly once: now, or later by
// whoever holds it; one that is dropped unanswered is answered 503 (the engine is stopping).
// Thread: one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "http/channel.h"
#include "http/server.h"
#include "runtime/docker/version.h"
#include "runtime/model/refusal.h"

namespace plimsoll::docker {

// A query's word for yes or no: empty, 0, no, false and none, in any case, are no.
[[nodiscard]] bool is_yes(std::string_view word);

class Call {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  Call(http::Request request, http::Responder responder, ApiVersion version, std::string parameter);
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call();

  // --- What was asked. ---
  [[nodiscard]] const http::Request& request() const { return request_; }
  [[nodiscard]] ApiVersion version() const { return version_; }
  // What stood in the place of the pattern's {}: a container, an image, a network.
  [[nodiscard]] const std::string& parameter() const { return parameter_; }
  // "" if absent.
  [[nodiscard]] std::string query(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const;
  // A name that is given several times.
  [[nodiscard]] std::vector<std::string> queries(std::string_view name) const;
  enum class Default : std::uint8_t { kNo, kYes };
  [[nodiscard]] bool flag(std::string_view name, Default absent = Default::kNo) const;
  // Nothing: it is absent. kInvalid: it is no number.
  [[nodiscard]] model::Answer<std::optional<std::int64_t>> number(std::string_view name) const;
  [[nodiscard]] const std::string& body() const { return request_.body; }
  // Of routes with Body::kArchive; an empty file where nothing was sent.
  [[nodiscard]] model::Answer<std::shared_ptr<const Fd>> archive() const;

  // --- Answers. ---
  void respond(int status, std::string json);
  void respond(int status);  // Without a body: 204, 304; also 200 and 201 of Docker's.
  void fail(const model::Refusal& refusal);
  // 204, or the refusal.
  void done(const model::Answer<>& answer);
  void send(http::Response response);

  // Head at once, then what is written, until finish(). See http::Stream.
  [[nodiscard]] std::shared_ptr<http::Stream> stream(std::string content_type,
                                                     std::function<void()> on_close = {});
  // The connection itself. See http::Channel.
  [[nodiscard]] std::shared_ptr<http::Channel> hijack(std::string content_type,
                                                      http::ChannelEvents events);

  // Bytes that `produce` hands out, as fast as the client takes them; blocks. What is refused
  // before the first byte is a proper error; afterwards the connection is cut.
  using Sink = std::function<bool(std::string_view)>;
  void copy_out(std::string content_type, Headers headers,
                const std::function<model::Answer<>(const Sink&)>& produce);

 private:
  [[nodiscard]] http::Response head(int status, std::string content_type) const;

  const http::Request request_;
  http::Responder responder_;
  const ApiVersion version_;
  const std::string parameter_;
  bool answered_ = false;
};
using CallPtr = std::shared_ptr<Call>;
using Handler = std::function<void(const CallPtr&)>;

// {"message":"..."}
[[nodiscard]] std::string error_body(std::string_view message);

}  // namespace plimsoll::docker
