// The addresses a process has in its network namespace, without entering it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/fd.h"

namespace plimsoll::exporter {

// PROC/PID/net/fib_trie, the kernel's IPv4 routes as a tree. A leaf is an address, the line below
// it says what it is:
//   "     |-- 172.17.0.2"
//   "        /32 host LOCAL"
// The local ones in the kernel's order, each once, without 127.0.0.0/8.
[[nodiscard]] Result<std::vector<std::string>> parse_fib_trie(std::string_view text);

// PROC/PID/net/if_inet6: "fd000000000000000000000000000002 04 40 00 82     eth0": address, number
// of the interface, prefix, scope, flags. Addresses of global scope (00), as RFC 5952 writes them.
[[nodiscard]] Result<std::vector<std::string>> parse_if_inet6(std::string_view text);

// IPv4 first. kGone when the process ended. Empty for a namespace without a network.
[[nodiscard]] Result<std::vector<std::string>> local_addresses(const DirFd& proc, std::int32_t pid);

}  // namespace plimsoll::exporter
