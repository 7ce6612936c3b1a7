#include "http/listener.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "http/core.h"

namespace plimsoll::http {

using boost::system::error_code;

namespace {

// Newcomers per turn of the loop: those who are connected get their turn in between.
constexpr int kBatch = 32;
// Out of descriptors or memory, trying again at once would only burn the processor.
constexpr std::chrono::milliseconds kPause{50};

bool is_shortage(int os_error) {
  return os_error == EMFILE || os_error == ENFILE || os_error == ENOBUFS || os_error == ENOMEM;
}

}  // namespace

struct Listener::State {
  State(boost::asio::io_context& context, BoundSocket from)
      : bound(std::move(from)), waiter(context), timer(context) {}

  BoundSocket bound;  // Its descriptor belongs to `waiter` once started.
  boost::asio::generic::stream_protocol::socket waiter;
  boost::asio::steady_timer timer;
  Core* core = nullptr;  // Null: not started, or stopped.
};

Listener::Listener(boost::asio::io_context& context, BoundSocket bound)
    : state_(std::make_shared<State>(context, std::move(bound))) {}

Listener::~Listener() {
  state_->core = nullptr;
  error_code ignored;
  state_->waiter.close(ignored);
  state_->timer.cancel();
  state_->bound = {};  // The file goes now, even if a cancelled operation keeps the state.
}

void Listener::start(Core& core) {
  error_code ec;
  state_->waiter.assign({state_->bound.family, 0}, state_->bound.socket.get(), ec);
  if (ec) return;  // Only without memory for the loop's table; clients wait in the backlog.
  (void)state_->bound.socket.release();
  state_->core = &core;
  wait(state_);
}

void Listener::wait(const std::shared_ptr<State>& state) {
  state->waiter.async_wait(boost::asio::socket_base::wait_read, [state](const error_code& ec) {
    if (!ec && state->core != nullptr) accept_some(state);
  });
}

// accept4 by hand: Asio's accept leaves the descriptor open across exec.
void Listener::accept_some(const std::shared_ptr<State>& state) {
  for (int i = 0; i < kBatch; ++i) {
    SocketAddress peer;
    peer.length = sizeof peer.storage;
    Fd client(::accept4(state->waiter.native_handle(), peer.get(), &peer.length,
                        SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (client) {
      state->core->admit(std::move(client), state->bound.family, to_text(peer), state->bound.door);
      continue;
    }
    const int os_error = errno;
    if (os_error == EAGAIN || os_error == EWOULDBLOCK) break;
    if (is_shortage(os_error)) {
      state->core->shed_one();
      return pause(state);
    }
    // The rest concerns one newcomer that is gone already (ECONNABORTED and network errors).
  }
  wait(state);
}

void Listener::pause(const std::shared_ptr<State>& state) {
  state->timer.expires_after(kPause);
  state->timer.async_wait([state](const error_code& ec) {
    if (!ec && state->core != nullptr) accept_some(state);
  });
}

}  // namespace plimsoll::http
