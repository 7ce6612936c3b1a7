// One client: reads requests, hands them to their handlers one after the other, writes the answers.
// Loop thread only. Alive as long as an operation of its socket is outstanding or the core knows
// it.
//
//   kReceiving -> kHandling -> kAnswering -> kReceiving      an ordinary exchange
//                           -> kStreaming -> kReceiving      an answer without end
//   any -> kLingering -> closed                              the last answer is out
#pragma once

#include <array>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "http/door.h"
#include "http/exchange.h"
#include "http/out_queue.h"
#include "http/request_parser.h"
#include "http/secure_stream.h"

namespace plimsoll::http {

class Core;

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;
  using IdleList = std::list<Connection*>;

  Connection(Core& core, Socket socket, std::string peer,
             std::shared_ptr<const PeerProcess> process, std::shared_ptr<const Door> door);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start();
  // The server stops: an answer in progress may finish, a stream ends, everything else closes.
  void drain();
  // At once and without an answer; the core forgets the connection.
  void close();

  // From Responder and Stream. Ignored unless the connection is at that exchange or stream.
  void answer(std::uint64_t exchange, const Response& response);
  void open_stream(std::uint64_t exchange, Response head, std::shared_ptr<StreamState> state);
  void write_stream(const StreamState& state, Piece piece);
  void finish_stream(const StreamState& state);
  void cut_stream(const StreamState& state);

  // The core's bookkeeping: this connection's place in the list of idle ones.
  std::optional<IdleList::iterator> idle_place;

 private:
  enum class Phase { kReceiving, kHandling, kAnswering, kStreaming, kLingering };
  enum class Deadline { kNone, kIdle, kHeader, kBody, kWrite, kLinger };
  using Clock = std::chrono::steady_clock;

  // Input.
  void on_handshake(const boost::system::error_code& ec);
  void read_more();
  void on_read(const boost::system::error_code& ec, std::size_t count);
  void on_input_end();
  void advance();
  void dispatch();
  void ask_gate(const std::shared_ptr<const Request>& request);
  void route(const Request& request);
  void reject(const Problem& problem);

  // Output.
  void begin_answer(const Response& response, HeadStyle style, Phase phase);
  [[nodiscard]] HeadStyle style_for(Framing framing) const;
  void flush();
  void on_write(const boost::system::error_code& ec, std::size_t count);
  void end_exchange();
  void linger();

  // Time. One deadline at a time; the timer is re-armed only when it would come too late.
  void expect(Deadline what, std::chrono::milliseconds within);
  void arm();
  void on_timer();

  Core& core_;
  Socket socket_;
  std::unique_ptr<SecureStream> secure_;  // Around the socket; null: plain.
  const std::string peer_;
  const std::shared_ptr<const PeerProcess> process_;
  const std::shared_ptr<const Door> door_;
  boost::asio::steady_timer timer_;

  Phase phase_ = Phase::kReceiving;
  RequestParser parser_;
  std::uint64_t exchange_ = 0;
  std::string pattern_;  // Of the request's route, for the counters; empty = none.
  bool is_head_ = false;
  bool keep_alive_ = true;
  bool http_1_1_ = true;
  std::shared_ptr<StreamState> stream_;

  bool reading_ = false;
  bool writing_ = false;
  bool input_ended_ = false;
  bool closed_ = false;
  std::size_t discarded_ = 0;
  OutQueue out_;

  Deadline awaited_ = Deadline::kNone;
  Clock::time_point deadline_;
  std::optional<Clock::time_point> armed_at_;

  std::array<char, std::size_t{4} * 1024> input_{};
  std::array<boost::asio::const_buffer, 48> gathered_;  // Asio passes at most 64 to the kernel.
};

}  // namespace plimsoll::http
