// What a blocking client talks through once it is connected: the bare socket, or TLS around it.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/fd.h"
#include "http/address.h"
#include "http/client_socket.h"

namespace plimsoll::http {

class ClientChannel {
 public:
  ClientChannel() = default;
  virtual ~ClientChannel() = default;
  ClientChannel(const ClientChannel&) = delete;
  ClientChannel& operator=(const ClientChannel&) = delete;

  // Both end at the deadline with ETIMEDOUT.
  [[nodiscard]] virtual Result<> send_all(std::string_view bytes, TimePoint deadline) = 0;
  // 0 at the end of the input.
  [[nodiscard]] virtual Result<std::size_t> receive(std::span<char> into, TimePoint deadline) = 0;
};

// Where a connection goes, as given and as understood.
struct Peer {
  Address address;
  std::string endpoint;  // For messages.
};

// Makes the channel over a socket that has just connected.
using MakeChannel =
    std::function<Result<std::unique_ptr<ClientChannel>>(Fd socket, const Peer&, TimePoint)>;

// The bare socket: for who wraps what is made.
[[nodiscard]] Result<std::unique_ptr<ClientChannel>> make_plain_channel(Fd socket, const Peer& peer,
                                                                        TimePoint deadline);

}  // namespace plimsoll::http
