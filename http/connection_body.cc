// Where the body of the request goes: see BodyRule.
#include <cerrno>
#include <utility>

#include "http/connection.h"
#include "http/core.h"

namespace plimsoll::http {

namespace {

// A body's bytes in memory while those before them are written.
constexpr std::size_t kSpoolAhead = std::size_t{1} << 20;

Problem spool_problem(int os_error) {
  if (os_error == ENOSPC || os_error == EDQUOT || os_error == EFBIG)
    return {507, "no space left for the body: " +
                     os_failure("write", "body", os_error).error().message()};
  return {500,
          "the body cannot be kept: " + os_failure("write", "body", os_error).error().message()};
}

}  // namespace

// Of the request that is being received.
struct Connection::Spool {
  std::shared_ptr<const Fd> file;
  bool is_writing = false;
};

void Connection::choose_body() {
  if (choosing_) return;
  const Request& head = parser_.request();
  const Router::Match match = core_.router.match(head.method, head.path);
  if (match.route == nullptr || !match.route->bodies) {
    parser_.accept_body(core_.limits.body_bytes);
    return advance();
  }
  choosing_ = true;
  Request asked = head;
  asked.peer = peer_;
  asked.process = process_;
  expect(Deadline::kBody, core_.limits.body_deadline);
  match.route->bodies(asked, [loop = core_.loop, self = weak_from_this()](BodyRule rule) {
    loop->post([self, rule = std::move(rule)] {
      const auto target = self.lock();
      if (target && !target->closed_ && std::exchange(target->choosing_, false))
        target->begin_body(rule);
    });
  });
}

void Connection::begin_body(const BodyRule& rule) {
  if (rule.refusal) {
    keep_alive_ = false;
    is_head_ = false;
    pattern_.clear();
    return begin_answer(rule.refusal(), style_for(Framing::kLength), Phase::kAnswering);
  }
  if (!rule.spool.empty()) {
    auto file = open_unnamed(rule.spool);
    if (!file) return reject(spool_problem(file.error().os_error));
    spool_ = std::make_shared<Spool>();
    spool_->file = std::make_shared<const Fd>(*std::move(file));
  }
  parser_.accept_body(rule.most.value_or(core_.limits.body_bytes));
  advance();
}

bool Connection::spool_is_full() const {
  return spool_ && spool_->is_writing && parser_.body_size() >= kSpoolAhead;
}

bool Connection::waits_for_disk() const {
  return spool_ && spool_->is_writing;
}

// True: all of it is on the disk.
bool Connection::feed_spool() {
  if (spool_->is_writing) return false;
  std::string bytes = parser_.take_body();
  if (bytes.empty()) return true;
  spool_->is_writing = true;
  core_.disk.write(spool_->file, std::move(bytes),
                   [loop = core_.loop, self = weak_from_this(), spool = spool_](int os_error) {
                     loop->post([self, spool, os_error] {
                       const auto target = self.lock();
                       if (target && !target->closed_ && target->spool_ == spool)
                         target->on_spooled(os_error);
                     });
                   });
  return false;
}

void Connection::on_spooled(int os_error) {
  spool_->is_writing = false;
  if (phase_ != Phase::kReceiving) return spool_.reset();  // It was refused meanwhile.
  if (os_error != 0) {
    spool_.reset();
    return reject(spool_problem(os_error));
  }
  expect(Deadline::kBody, core_.limits.body_deadline);
  advance();
}

std::shared_ptr<const Fd> Connection::take_spool() {
  if (!spool_) return nullptr;
  const auto file = std::exchange(spool_, nullptr)->file;
  ::lseek(file->get(), 0, SEEK_SET);
  return file;
}

}  // namespace plimsoll::http
