// The name server at 127.0.0.11 of every container on a network with names: one thread for all of
// them, asleep while nobody asks.
//
// The sockets are opened in the container's namespace and served from the engine's: questions that
// are not ours go to the host's own servers as this program reaches them.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "runtime/net/names.h"

namespace plimsoll::net {

struct ResolverSockets {
  Fd udp;
  Fd tcp;
};
// Bound to 127.0.0.11 in the calling thread's namespace. Port 0: any, for whoever redirects 53.
[[nodiscard]] Result<ResolverSockets> open_resolver_sockets(std::uint16_t port);
// Of the port they were given.
[[nodiscard]] Result<std::uint16_t> port_of(const Fd& socket);

struct ResolverSite {
  std::string container;
  std::vector<std::string> servers;  // Asked instead of the host's.
  bool forwards = true;              // False: its networks lead nowhere, and questions must not.
};

struct ResolverPaths {
  std::string resolv_conf;
  std::string resolved_conf;
};

class Resolver {
 public:
  // `names` must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<Resolver>> start(const Names& names,
                                                               ResolverPaths paths);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // From any thread. serve() again: in place of what was; without sockets, with those it has.
  void serve(ResolverSite site, ResolverSockets sockets);
  void stop(const std::string& container);

 private:
  friend class ResolverLoop;
  struct Serve {
    ResolverSite site;
    ResolverSockets sockets;
  };
  struct Stop {
    std::string container;
  };
  using Command = std::variant<Serve, Stop>;

  explicit Resolver(Fd wake) : wake_(std::move(wake)) {}
  void ring() const;
  void push(Command command);
  [[nodiscard]] std::vector<Command> take();

  Fd wake_;
  std::mutex mutex_;
  std::vector<Command> commands_;
  std::jthread thread_;
};

}  // namespace plimsoll::net
