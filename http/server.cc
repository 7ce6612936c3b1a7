#include "http/server.h"

#include <condition_variable>
#include <mutex>
#include <utility>

#include "http/core.h"
#include "http/gate.h"
#include "http/listener.h"

namespace plimsoll::http {

namespace {

class LoopServer final : public Server {
 public:
  explicit LoopServer(const ServerLimits& limits) : core_(limits) {}

  // Stop order: the loop drains and ends, run() closes what is left, then the members go.
  ~LoopServer() override {
    LoopServer::stop();
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return !running_; });
    if (!std::exchange(ended_, true)) core_.finish();
  }

  void route(std::string pattern, std::vector<std::string> methods, Handler handler,
             BodyChooser bodies) override {
    core_.router.add(
        {std::move(pattern), std::move(methods), std::move(handler), std::move(bodies)});
  }

  void guard(std::shared_ptr<Gate> gate) override { core_.gate = std::move(gate); }

  Result<std::string> listen(const std::string& address) override {
    BoundSocket bound = PLIMSOLL_TRY(bind_and_listen(address));
    std::string name = bound.address;
    auto listener = std::make_shared<std::unique_ptr<Listener>>(
        std::make_unique<Listener>(core_.loop->context(), std::move(bound)));
    // Posted, since the loop may be running already; until then clients wait in the backlog.
    core_.loop->post([this, listener] { core_.add(std::move(*listener)); });
    return name;
  }

  void run() override {
    {
      const std::lock_guard lock(mutex_);
      if (running_ || ended_) return;
      running_ = true;
    }
    core_.loop->run();
    core_.finish();
    const std::lock_guard lock(mutex_);
    running_ = false;
    ended_ = true;
    idle_.notify_all();  // Under the lock: the destructor must not be faster than this line.
  }

  void stop() override {
    core_.loop->post([this] { core_.drain(); });
  }

  void post(std::function<void()> task) override { core_.loop->post(std::move(task)); }

  void after(std::chrono::nanoseconds delay, std::function<void()> task) override {
    core_.loop->after(delay, std::move(task));
  }

  [[nodiscard]] ServerStats stats() const override { return core_.counters.read(); }

 private:
  Core core_;
  std::mutex mutex_;
  std::condition_variable idle_;
  bool running_ = false;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<Server> Server::create(ServerLimits limits) {
  return std::make_unique<LoopServer>(limits);
}

}  // namespace plimsoll::http
