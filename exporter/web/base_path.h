// A server whose paths have a second name: "/stats/metrics" for "/metrics", for a reverse proxy
// that does not strip its prefix.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "http/server.h"

namespace plimsoll::exporter {

class BasePathServer final : public http::Server {
 public:
  // `base` is "" or begins with a slash and does not end in one. `server` must outlive it.
  BasePathServer(http::Server& server, std::string base)
      : server_(server), base_(std::move(base)) {}

  using http::Server::route;
  // `bodies` sees the path as it was sent.
  void route(std::string pattern, std::vector<std::string> methods, http::Handler handler,
             http::BodyChooser bodies) override;

  void guard(std::shared_ptr<http::Gate> gate) override { server_.guard(std::move(gate)); }
  [[nodiscard]] Result<std::string> listen(const std::string& address) override {
    return server_.listen(address);
  }
  void run() override { server_.run(); }
  void stop() override { server_.stop(); }
  void post(std::function<void()> task) override { server_.post(std::move(task)); }
  void after(std::chrono::nanoseconds delay, std::function<void()> task) override {
    server_.after(delay, std::move(task));
  }
  [[nodiscard]] http::ServerStats stats() const override { return server_.stats(); }

 private:
  http::Server& server_;
  const std::string base_;
};

}  // namespace plimsoll::exporter
