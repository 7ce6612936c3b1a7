// The deadlines of a connection.
#include <utility>

#include "http/connection.h"
#include "http/core.h"

namespace plimsoll::http {

using boost::system::error_code;

void Connection::expect(Deadline what, std::chrono::milliseconds within) {
  awaited_ = what;
  if (what == Deadline::kNone) return;
  deadline_ = Clock::now() + within;
  arm();
}

void Connection::arm() {
  if (armed_at_ && *armed_at_ <= deadline_) return;  // It fires early and looks again.
  armed_at_ = deadline_;
  timer_.expires_at(deadline_);
  timer_.async_wait([self = shared_from_this()](const error_code& ec) {
    if (!ec) self->on_timer();
  });
}

void Connection::on_timer() {
  armed_at_.reset();
  if (closed_ || awaited_ == Deadline::kNone) return;
  if (Clock::now() < deadline_) return arm();
  switch (std::exchange(awaited_, Deadline::kNone)) {
    case Deadline::kNone:
      return;
    case Deadline::kIdle:
    case Deadline::kLinger:
      return close();
    case Deadline::kHeader:
    case Deadline::kBody:
      // The disk's fault, and it does answer in the end.
      if (waits_for_disk()) return expect(Deadline::kBody, core_.limits.body_deadline);
      core_.counters.timed_out();
      if (parser_.empty()) return close();
      return reject({408, "the request took too long"});
    case Deadline::kWrite:
      core_.counters.timed_out();
      return close();
  }
}

}  // namespace plimsoll::http
