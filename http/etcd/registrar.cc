#include "http/etcd/registrar.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace plimsoll::etcd {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

namespace {

// Of one request: etcd takes 1.5 MB, base64 and names included.
constexpr std::size_t kMaxRequest = std::size_t{512} << 10;

bool equal(const std::shared_ptr<const std::string>& a,
           const std::shared_ptr<const std::string>& b) {
  return a == b || *a == *b;
}

}  // namespace

Registrar::Registrar(RegistrarOptions options, std::unique_ptr<LeasedKeys> store, Update update)
    : options_(options),
      store_(std::move(store)),
      update_(std::move(update)),
      backoff_(options.first_backoff),
      chance_(static_cast<std::uint64_t>(steady_clock::now().time_since_epoch().count()) | 1U) {}

Registrar::~Registrar() {
  thread_.request_stop();
}

void Registrar::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Registrar::news() {
  const std::scoped_lock guard(mutex_);
  news_ = true;
  wake_.notify_one();
}

RegistrarStats Registrar::stats() const {
  const std::scoped_lock guard(mutex_);
  return stats_;
}

void Registrar::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const Result<> done = round();
    note(done);
    if (done) {
      backoff_ = options_.first_backoff;
      wait(stop, renew_at_, true);
    } else {
      wait(stop, steady_clock::now() + pause_after_failure(), false);
    }
  }
  if (lease_.id == 0) return;
  if (const auto revoked = counted("revoke", store_->revoke(lease_.id)); !revoked)
    log::warn("etcd: the registration stays until its lease ends: " + revoked.error().message());
}

Result<> Registrar::round() {
  {
    const std::scoped_lock guard(mutex_);
    news_ = false;
  }
  update_(wanted_);
  Result<> done = renew();
  if (done) done = write_changes();
  // Told by either: the next round, which follows at once, has another.
  if (!done && done.error().kind == ErrorKind::kGone && lease_.id != 0) lose_lease();
  return done;
}

// A lease that lives, for at least two thirds of its time.
Result<> Registrar::renew() {
  const auto now = steady_clock::now();
  if (lease_.id != 0 && now >= dead_at_) lose_lease();
  if (lease_.id != 0 && now < renew_at_) return {};
  if (lease_.id != 0) {
    PLIMSOLL_TRY(counted("keepalive", store_->keep_alive(lease_.id)));
  } else {
    lease_ = PLIMSOLL_TRY(counted("grant", store_->grant(options_.ttl)));
  }
  renew_at_ = now + nanoseconds(lease_.ttl) / 3;
  dead_at_ = now + lease_.ttl;
  return {};
}

Result<> Registrar::write_changes() {
  std::vector<KeyChange> changes;
  std::size_t size = 0;
  for (const auto& [key, value] : written_)
    if (!wanted_.contains(key)) changes.push_back({key, std::nullopt});
  for (const auto& [key, value] : wanted_) {
    const auto known = written_.find(key);
    if (known != written_.end() && equal(known->second, value)) continue;
    if (size + key.size() + value->size() > kMaxRequest) {
      PLIMSOLL_TRY(send(changes));
      size = 0;
    }
    size += key.size() + value->size();
    changes.push_back({key, *value});
    if (changes.size() >= LeasedKeys::kMaxChanges) {
      PLIMSOLL_TRY(send(changes));
      size = 0;
    }
  }
  return send(changes);
}

// All of them, in portions; what was written is remembered portion by portion.
Result<> Registrar::send(std::vector<KeyChange>& changes) {
  for (std::size_t begin = 0; begin < changes.size(); begin += LeasedKeys::kMaxChanges) {
    const std::span<const KeyChange> part = std::span(changes).subspan(
        begin, std::min(changes.size() - begin, LeasedKeys::kMaxChanges));
    PLIMSOLL_TRY(counted("txn", store_->write(part, lease_.id)));
    for (const KeyChange& change : part) {
      if (change.value)
        written_[change.key] = wanted_.at(change.key);
      else
        written_.erase(change.key);
    }
  }
  changes.clear();
  return {};
}

void Registrar::lose_lease() {
  log::warn("etcd: the lease ended; registering everything again");
  lease_ = {};
  written_.clear();
  const std::scoped_lock guard(mutex_);
  ++stats_.leases_lost;
}

void Registrar::note(const Result<>& result) {
  // Each trouble is told once, not once per try.
  if (!result && !failing_) log::warn("etcd: not registered: " + result.error().message());
  if (result && failing_) log::info("etcd: registered again");
  failing_ = !result;
  std::uint64_t bytes = 0;
  for (const auto& [key, value] : written_) bytes += key.size() + value->size();
  const std::scoped_lock guard(mutex_);
  stats_.registered = result.has_value();
  stats_.keys = written_.size();
  stats_.key_bytes = bytes;
}

nanoseconds Registrar::pause_after_failure() {
  chance_ ^= chance_ << 13U;
  chance_ ^= chance_ >> 7U;
  chance_ ^= chance_ << 17U;
  const nanoseconds pause = backoff_ - backoff_ / 2 * static_cast<int>(chance_ % 100) / 100;
  backoff_ = std::min(backoff_ * 2, options_.longest_backoff);
  return pause;
}

void Registrar::wait(const std::stop_token& stop, TimePoint until, bool for_news) {
  std::unique_lock lock(mutex_);
  wake_.wait_until(lock, stop, until, [&] { return for_news && news_; });
}

template <class T>
Result<T> Registrar::counted(const char* operation, Result<T> result) {
  const std::scoped_lock guard(mutex_);
  ++stats_.requests[operation];
  stats_.errors[operation] += result ? 0U : 1U;  // There with 0, too.
  if (result) stats_.last_success = std::chrono::system_clock::now();
  return result;
}

}  // namespace plimsoll::etcd
