// Docker's Engine API (1.24 to 1.44) on an HTTP server: versions, routes, access, workers. What is
// behind the routes is added by others (system.h, images.h, ...).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/server.h"
#include "runtime/docker/call.h"
#include "runtime/docker/pool.h"
#include "runtime/docker/router.h"

namespace plimsoll::docker {

enum class Access : std::uint8_t { kNone, kRead, kFull };

struct ApiOptions {
  std::string spool_dir;  // Where bodies of archives lie until they are used; on the images' disk.
  std::uint64_t most_archive = std::uint64_t{64} << 30;
  // Of who asks; on a worker, may block. Empty: everybody may do everything.
  std::function<Access(const http::Request&)> access;
};

// What a route is like, where it is not a handler of JSON.
struct Traits {
  enum class Body : std::uint8_t { kMemory, kArchive };
  Body body = Body::kMemory;  // kArchive: a file, see Call::archive().
  // GET and HEAD need kRead, all else kFull, unless this asks for more.
  Access needs = Access::kNone;
};

class Api {
 public:
  // Takes every path of the server that is nobody else's. Must outlive the server's run().
  Api(http::Server& server, ApiOptions options);
  ~Api();
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  // "/containers/{id}/json". Before the server runs.
  void add(Method method, std::string_view pattern, Handler handler, Traits traits = {});
  // Runs `task` on a worker, at `delay` from now or later; not at all once it stops.
  void after(std::chrono::nanoseconds delay, std::function<void()> task);

  // No new calls: what waits is answered 503. What runs goes on.
  void refuse() { pool_.refuse(); }
  // After the server has ended: returns when the last handler has.
  void stop() { pool_.stop(); }

 private:
  struct Entry {
    Handler handler;
    Traits traits;
    Access needs;
  };
  void accept(const http::Request& request, http::Responder responder);
  void choose_body(const http::Request& head, std::function<void(http::BodyRule)> decide);
  [[nodiscard]] const Entry* find(const http::Request& request) const;
  [[nodiscard]] std::optional<model::Refusal> refusal_of(const http::Request& request,
                                                         Access needs) const;

  http::Server& server_;
  const ApiOptions options_;
  Router router_;
  std::vector<Entry> entries_;
  Pool pool_;
};

}  // namespace plimsoll::docker
