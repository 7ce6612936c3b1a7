// A connected socket whose calls end at a deadline: what the blocking client stands on.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/fd.h"
#include "http/address.h"

namespace plimsoll::http {

using TimePoint = std::chrono::steady_clock::time_point;

// Tries every address a name has. kNotOffered when nobody listens on any; the subject is
// `endpoint`.
[[nodiscard]] Result<Fd> connect_to(const Address& address, const std::string& endpoint,
                                    TimePoint deadline);
[[nodiscard]] Result<> send_all(const Fd& socket, std::string_view bytes,
                                const std::string& endpoint, TimePoint deadline);
// 0 at the end of the input.
[[nodiscard]] Result<std::size_t> receive(const Fd& socket, std::span<char> into,
                                          const std::string& endpoint, TimePoint deadline);

}  // namespace plimsoll::http
