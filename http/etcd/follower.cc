#include "http/etcd/follower.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace plimsoll::etcd {

using std::chrono::steady_clock;

namespace {

// More than that is no list of targets any more: 10 000 hosts with 100 containers each.
constexpr std::size_t kMaxKeys = 1'000'000;

}  // namespace

Follower::Follower(FollowerOptions options, KeyFeed& feed, Directory& directory)
    : options_(std::move(options)),
      end_(end_of(options_.prefix)),
      feed_(feed),
      directory_(directory),
      backoff_(options_.first_backoff) {}

Result<> Follower::read_all() {
  std::vector<KeyChange> keys;
  std::string from = options_.prefix;
  Moment moment;
  for (bool more = true; more;) {
    KeyPage page = PLIMSOLL_TRY(feed_.page(from, end_, moment.revision));
    if (moment.revision == 0) moment = page.moment;
    more = page.more && !page.keys.empty();
    if (more) from = page.keys.back().key + '\0';
    std::ranges::move(page.keys, std::back_inserter(keys));
    if (keys.size() > kMaxKeys)
      return failure(ErrorKind::kRejected, "etcd",
                     "more than " + std::to_string(kMaxKeys) + " keys below " + options_.prefix);
  }
  directory_.replace(keys);
  moment_ = moment;
  stale_ = false;
  read_at_ = steady_clock::now();
  return {};
}

void Follower::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const Result<> done = step(stop);
    if (stop.stop_requested()) return;
    note(done);
    pause(stop);
  }
}

Result<> Follower::step(const std::stop_token& stop) {
  if (stale_ || steady_clock::now() - read_at_ > options_.read_again) {
    PLIMSOLL_TRY(read_all());
    note({});
  }
  const Result<> followed = follow(stop);
  // Compacted: no trouble, but what happened in between is not told any more.
  if (!followed && followed.error().kind == ErrorKind::kGone) {
    stale_ = true;
    return {};
  }
  return followed;
}

Result<> Follower::follow(const std::stop_token& stop) {
  return feed_.watch(options_.prefix, end_, moment_.revision + 1, [&](const KeyNews& news) {
    if (news.started) {
      stale_ = !goes_on(news.moment);
      if (!stale_) note({});
    }
    if (stale_ || stop.stop_requested()) return false;
    if (!news.changes.empty()) directory_.apply(news.changes);
    moment_.revision = std::max(moment_.revision, news.through);
    moment_.term = std::max(moment_.term, news.moment.term);
    return steady_clock::now() - read_at_ <= options_.read_again;
  });
}

// A store that was emptied, or restored from a backup, counts from the beginning.
bool Follower::goes_on(const Moment& there) const {
  return there.cluster == moment_.cluster && there.revision >= moment_.revision &&
         there.term >= moment_.term;
}

void Follower::note(const Result<>& result) {
  ++signs_;
  // Each trouble is told once, not once per try.
  if (!result && !failing_) log::warn("etcd: the list stays as it is: " + result.error().message());
  if (result && failing_) log::info("etcd: answers again");
  failing_ = !result;
  if (result) backoff_ = options_.first_backoff;
}

void Follower::pause(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  stopping_.wait_for(lock, stop, backoff_, [] { return false; });
  backoff_ = std::min(backoff_ * 2, options_.longest_backoff);
}

}  // namespace plimsoll::etcd
