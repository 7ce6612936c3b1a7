// One line of the audit log: who changed what, from what to what, and what came of it. Pure.
//
//   {"seq":7,"prev":"<64 hex digits>","time":"2026-11-21T08:00:00.000000000Z","kind":"write",...,
//    "hash":"<64 hex digits>"}
//
// JSON for people and their tools; the first two keys and the last one always stand there, so that
// the chain is checked without a JSON parser.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"

namespace plimsoll::control {

struct AuditRecord {
  enum class Kind : std::uint8_t {
    kWrite,    // One control file was written, or should have been.
    kRefused,  // A change was not begun; `detail` says why.
    kNote      // About the engine and its files.
  };
  std::uint64_t seq = 0;
  WallTime time;
  Kind kind = Kind::kNote;
  std::uint32_t uid = 0;
  std::uint32_t pid = 0;
  std::string comm;
  std::string rule;
  std::uint64_t change = 0;  // The journal's number.
  std::string cgroup;
  std::string knob;
  std::string file;
  std::string key;
  std::string old_text;
  std::string new_text;
  std::string read_back;
  std::string result;  // "done", "refused", "undone", ...
  std::string detail;
  bool operator==(const AuditRecord&) const = default;
};
[[nodiscard]] std::string_view name_of(AuditRecord::Kind kind);

// SHA-256 in hex.
using Digest = std::string;
inline constexpr std::size_t kDigestLength = 64;
// What the first record of all follows.
[[nodiscard]] Digest no_digest();

// The end of a chain: its last record.
struct AuditHead {
  std::uint64_t seq = 0;
  Digest hash;
  bool operator==(const AuditHead&) const = default;
};

struct AuditLine {
  std::string text;  // With the newline.
  AuditHead head;
};
// Bytes that are no UTF-8 become U+FFFD. kIo: the library refuses SHA-256.
[[nodiscard]] Result<AuditLine> write_line(const AuditRecord& record, const Digest& before);

// The parts that the chain is made of; kMalformed when they are not in their places.
struct AuditShape {
  AuditHead head;
  Digest before;
  std::string_view hashed;
};
[[nodiscard]] Result<AuditShape> shape_of(std::string_view line);
[[nodiscard]] Result<Digest> sha256(std::string_view bytes);

// For those who search. Unknown keys are of a later version.
[[nodiscard]] Result<AuditRecord> parse_line(std::string_view line);

}  // namespace plimsoll::control
