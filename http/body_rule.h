// Where the body of a request goes: into memory, as usual, or into a file that has no name.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace plimsoll::http {

struct Request;
struct Response;

struct BodyRule {
  // 413 beyond it. Absent: ServerLimits::body_bytes. What is in memory counts against nobody
  // else's.
  std::optional<std::uint64_t> most;
  // A directory: the body is written to an unlinked file there and comes as Request::body_file.
  // Full disks are 507. It may take as long as it likes, as long as something arrives within
  // ServerLimits::body_deadline; the disk is waited for beside the loop.
  std::string spool;
  // Sent instead of reading the body.
  std::function<Response()> refusal;
};

// Asked on the loop thread for requests that have a body, once their head is there: `head` has
// everything but the body, and is good during the call only. `decide` is called once, from any
// thread; no gate was asked yet.
using BodyChooser = std::function<void(const Request& head, std::function<void(BodyRule)> decide)>;

}  // namespace plimsoll::http
