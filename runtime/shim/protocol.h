// What is said over a keeper's socket: SOCK_SEQPACKET, so that every packet is one message. The
// first byte says what it is, the rest is its content.
//
// Who is not the owner of the keeper (or root) is not listened to. A socket with a path, never an
// abstract one, which containers in the host's network namespace could reach (CVE-2020-15257).
#pragma once

#include <cstddef>
#include <string_view>

namespace plimsoll::shim {

inline constexpr const char* kSocketFile = "shim.sock";
inline constexpr const char* kLockFile = "shim.lock";  // Locked as long as the keeper lives.
inline constexpr const char* kConsoleFile = "console.sock";
inline constexpr std::size_t kMaxPacket = std::size_t{32} * 1024;

// Content of kAttach: the container waits while this client does not read.
inline constexpr std::string_view kAll = "all";

// To the keeper.
enum class Request : char {
  kStatus = 's',    // Answered by kStatus.
  kWait = 'w',      // Answered by kExited, now or when it is so.
  kAttach = 'a',    // From now on kStdout and kStderr come; with kAll none is dropped.
  kStdin = 'i',     // Bytes for the container's input.
  kEndStdin = 'c',  // There will be no more of them.
  kResize = 'r'     // "ROWS COLUMNS" of the terminal.
};

// From the keeper.
enum class Answer : char {
  kStatus = 'S',  // {"pid":123}, or the exit record when it ended.
  kExited = 'X',  // The exit record.
  kStdout = 'o',
  kStderr = 'e',
  kDone = 'D',  // Attached, resized: it is so.
  kError = 'E'  // Why not, for people.
};

}  // namespace plimsoll::shim
