// /plimsoll/v1/events and /plimsoll/v1/events/ID: handlers for the engine's router. Who may ask is
// the router's business.
#pragma once

#include <memory>

#include "base/clock.h"
#include "control/breach/report.h"
#include "control/breach/ring.h"
#include "http/server.h"

namespace plimsoll::control {

class EventsEndpoint {
 public:
  // All must outlive it, and it the server's run().
  EventsEndpoint(BreachRing& ring, const ReportStore& reports, const Clock& clock);
  ~EventsEndpoint();
  EventsEndpoint(const EventsEndpoint&) = delete;
  EventsEndpoint& operator=(const EventsEndpoint&) = delete;

  // GET /plimsoll/v1/events: {"events":[..],"last":N}, or a stream.
  [[nodiscard]] http::Handler events();
  // GET /plimsoll/v1/events/*: one event, with its report where it has one; ?format=text for
  // people.
  [[nodiscard]] http::Handler one();

  // Regularly, on the loop thread: forgets who left, keeps the silent ones alive.
  void beat();
  // The end of all streams.
  void finish();
  [[nodiscard]] std::size_t clients() const;

  // A client with so much queued misses events, and is told how many.
  static constexpr std::size_t kMaxPending = std::size_t{1} << 20;

 private:
  struct Client;
  struct Clients;
  void list(const http::Request& request, http::Responder responder);
  void show(const http::Request& request, http::Responder responder) const;

  BreachRing& ring_;
  const ReportStore& reports_;
  const Clock& clock_;
  std::shared_ptr<Clients> clients_;
  std::uint64_t listener_ = 0;
};

}  // namespace plimsoll::control
