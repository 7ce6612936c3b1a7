// Who gets in: the one layer every connection and every request passes before any route is looked
// at. A server without a gate lets everybody in.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "http/door.h"
#include "http/secure_stream.h"
#include "http/server.h"

namespace plimsoll::http {

struct Verdict {
  enum class Word {
    kYes,
    kNo,  // `refusal` is sent.
    kAsk  // Finding out takes time: ask().
  };
  Word word = Word::kYes;
  Response refusal;
};

// Loop thread only.
class Gate {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;
  using Headers = std::vector<std::pair<std::string, std::string>>;
  // Nothing: let in; otherwise the refusal. Called once, on any thread.
  using Decided = std::function<void(std::optional<Response>)>;
  virtual ~Gate() = default;

  // A new connection; null: it stays as it is. `socket` outlives what is returned.
  [[nodiscard]] virtual std::unique_ptr<SecureStream> secure(Socket& socket, const Door& door) = 0;
  [[nodiscard]] virtual Verdict check(const Request& request, const Door& door) = 0;
  // After kAsk.
  virtual void ask(const Request& request, Decided decided) = 0;
  // Added to every answer that does not set them itself.
  [[nodiscard]] virtual const Headers& headers() const = 0;
};

}  // namespace plimsoll::http
