// What the resolver's thread owns: the sockets of containers, their connections, and the questions
// that were passed on and are not answered yet.
//
// Thread: the resolver's own.
#pragma once

#include <netinet/in.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "runtime/net/dns_message.h"
#include "runtime/net/resolver.h"

namespace plimsoll::net {

class ResolverLoop {
 public:
  [[nodiscard]] static Result<std::unique_ptr<ResolverLoop>> make(Resolver& resolver,
                                                                  const Names& names,
                                                                  ResolverPaths paths);
  void run(const std::stop_token& stop);

 private:
  using Token = std::uint64_t;  // Never used twice: an event of something closed finds nothing.
  using Time = std::chrono::steady_clock::time_point;

  struct Site {
    ResolverSite site;
    ResolverSockets sockets;
    Token udp = 0;
    Token tcp = 0;
    std::size_t connections = 0;
  };
  // Of a container's TCP client.
  struct Connection {
    std::string container;
    Fd fd;
    std::string in;
    std::string out;
    Time deadline;
  };
  // Where an answer goes.
  struct Client {
    std::string container;
    sockaddr_in peer{};    // UDP's.
    Token connection = 0;  // TCP's; 0: UDP.
  };
  // A question passed on.
  struct Forward {
    Client client;
    std::string question;
    std::vector<std::string> servers;  // Still to be asked; the first is the one that is.
    Fd fd;
    bool tcp = false;
    std::string out;
    std::string in;
    Time deadline;
  };

  ResolverLoop(Resolver& resolver, const Names& names, ResolverPaths paths, Fd epoll, Fd timer)
      : resolver_(resolver),
        names_(names),
        paths_(std::move(paths)),
        epoll_(std::move(epoll)),
        timer_(std::move(timer)) {}

  // --- resolver_loop.cc ---
  [[nodiscard]] Token watch(const Fd& fd, std::uint32_t events);
  void take_commands();
  void serve(Resolver::Serve command);
  void stop(const std::string& container);
  void dispatch(Token token, std::uint32_t events);
  void set_timer();
  void expire();
  void read_datagrams(const std::string& container);
  void accept_connections(const std::string& container);
  void read_connection(Token token);
  void write_connection(Token token);
  void close_connection(Token token);
  void reply(const Client& client, const std::string& message);

  // --- resolver_forward.cc ---
  void answer(const Client& client, const std::string& message);
  // Nothing: it is not ours to answer.
  [[nodiscard]] std::optional<DnsAnswer> own_answer(const std::string& container,
                                                    const DnsQuery& query);
  [[nodiscard]] std::vector<std::string> servers_of(const std::string& container) const;
  void pass_on(Forward forward);
  void read_forward(Token token);
  void write_forward(Token token);
  // With the next server; when there is none, the client is told.
  void give_up_on_server(Token token);

  Resolver& resolver_;
  const Names& names_;
  const ResolverPaths paths_;
  Fd epoll_;
  Fd timer_;
  Token last_token_ = 0;
  std::size_t turn_ = 0;
  std::map<std::string, Site> sites_;  // By container.
  std::map<Token, std::string> udp_;
  std::map<Token, std::string> tcp_;
  std::map<Token, Connection> connections_;
  std::map<Token, Forward> forwards_;
  std::set<std::pair<Time, Token>> deadlines_;
};

}  // namespace plimsoll::net
