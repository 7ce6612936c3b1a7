// One client: reads requests, hands them to their handlers one after the other, writes the answers.
// Loop thread only. Alive as long as an operation of its socket is outstanding or the core knows
// it.
//
//   kReceiving -> kHandling -> kAnswering -> kReceiving      an ordinary exchange
//                           -> kStreaming -> kReceiving      an answer without end
//                           -> kHijacked -> kLingering       not HTTP any more
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
#include <string_view>
#include <vector>

#include "http/channel_state.h"
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

  // From Responder and Channel, in the same way.
  void open_channel(std::uint64_t exchange, Response head, std::shared_ptr<ChannelState> state);
  void write_channel(const ChannelState& state, Piece piece);
  void resume_channel(const ChannelState& state);
  void finish_channel(const ChannelState& state);
  void end_channel(const ChannelState& state);

  // The core's bookkeeping: this connection's place in the list of idle ones.
  std::optional<IdleList::iterator> idle_place;

 private:
  enum class Phase { kReceiving, kHandling, kAnswering, kStreaming, kHijacked, kLingering };
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

  // Bodies.
  struct Spool;
  void choose_body();
  void begin_body(const BodyRule& rule);
  [[nodiscard]] bool feed_spool();
  void on_spooled(int os_error);
  [[nodiscard]] bool spool_is_full() const;
  [[nodiscard]] bool waits_for_disk() const;
  [[nodiscard]] std::shared_ptr<const Fd> take_spool();

  // A channel.
  void watch_for_hang_up();
  void take_input(std::string_view bytes);
  void end_input();
  void on_channel_sent();

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
  bool wants_upgrade_ = false;
  bool choosing_ = false;         // Where the body goes is being found out.
  std::shared_ptr<Spool> spool_;  // Null: it goes into memory.
  std::shared_ptr<StreamState> stream_;

  std::shared_ptr<ChannelState> channel_;
  bool hung_up_ = false;
  bool finishing_ = false;     // finish_writing() was called,
  bool output_ended_ = false;  // and carried out.
  bool ending_ = false;        // close() was called.

  bool reading_ = false;
  bool writing_ = false;
  bool input_ended_ = false;
  bool closed_ = false;
  std::size_t discarded_ = 0;
  OutQueue out_;

  Deadline awaited_ = Deadline::kNone;
  Clock::time_point deadline_;
  std::optional<Clock::time_point> armed_at_;

  std::vector<char> input_;
  std::array<boost::asio::const_buffer, 48> gathered_;  // Asio passes at most 64 to the kernel.
};

}  // namespace plimsoll::http
