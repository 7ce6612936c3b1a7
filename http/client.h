// A blocking HTTP/1.1 client for the command line and for questions to runtimes' sockets. No Beast
// type leaks out.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "http/client_channel.h"

namespace plimsoll::http {

struct ClientOptions {
  std::chrono::milliseconds connect_timeout{1000};
  std::chrono::milliseconds timeout{10'000};     // Whole exchange; for stream(): without a byte.
  std::size_t max_body = std::size_t{64} << 20;  // kRejected beyond it.
  std::string authorization;  // The header's value, such as basic_authorization() makes; "" = none.
  MakeChannel channel;        // TLS; empty = plain.
};

struct ClientResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // Names in lower case.
  std::string body;
};

// `endpoint`: "127.0.0.1:7546", "[::1]:7546", "localhost:7546" or "unix:/run/docker.sock". Errors
// name the endpoint; kNotOffered when nobody listens there.
[[nodiscard]] Result<ClientResponse> get(const std::string& endpoint, const std::string& target,
                                         const ClientOptions& options = {});

struct Body {
  std::string content_type;
  std::string text;
};
[[nodiscard]] Result<ClientResponse> post(const std::string& endpoint, const std::string& target,
                                          const Body& body, const ClientOptions& options = {});

// Calls `on_data` with each piece of the body as it arrives, until it returns false, the server
// ends, or an error. A status other than 2xx is an error (kRejected) with the body's beginning in
// the subject.
[[nodiscard]] Result<> stream(const std::string& endpoint, const std::string& target,
                              const std::function<bool(std::string_view)>& on_data,
                              const ClientOptions& options = {});
// The same for what a POST answers.
[[nodiscard]] Result<> stream_post(const std::string& endpoint, const std::string& target,
                                   const Body& body,
                                   const std::function<bool(std::string_view)>& on_data,
                                   const ClientOptions& options = {});

}  // namespace plimsoll::http
