#include "http/authenticator.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <utility>

#include "http/bcrypt.h"

namespace plimsoll::http {

namespace {

constexpr std::size_t kRightPasswords = 256;
constexpr std::size_t kWrongPasswords = 1024;
// At 50 ms each the last in the queue waits for three seconds.
constexpr std::size_t kQueue = 64;
constexpr unsigned kDecoyCost = 10;  // Where there is no user at all.

}  // namespace

Result<std::unique_ptr<Authenticator>> Authenticator::create() {
  VerdictCache cache = PLIMSOLL_TRY(VerdictCache::create(kRightPasswords, kWrongPasswords));
  std::unique_ptr<Authenticator> made(new Authenticator(std::move(cache)));
  made->set_users({});
  return made;
}

Authenticator::~Authenticator() = default;

void Authenticator::set_users(Users users) {
  users_ = std::move(users);
  unsigned cost = users_.empty() ? kDecoyCost : 0;
  for (const auto& [name, hash] : users_) cost = std::max(cost, bcrypt_cost(hash));
  decoy_ = bcrypt_decoy(cost);
}

const std::string& Authenticator::hash_of(const std::string& user) const {
  const auto found = users_.find(user);
  return found == users_.end() ? decoy_ : found->second;
}

// The hash is part of the key: a changed password, or a user that was removed, is a new question.
VerdictCache::Key Authenticator::key_of(const Credentials& credentials) const {
  return cache_.key(credentials.user, hash_of(credentials.user), credentials.password);
}

std::optional<bool> Authenticator::known(const Credentials& credentials) {
  const VerdictCache::Key key = key_of(credentials);
  const std::lock_guard lock(mutex_);
  return cache_.find(key);
}

void Authenticator::ask(const Credentials& credentials, Done done) {
  const VerdictCache::Key key = key_of(credentials);
  std::unique_lock lock(mutex_);
  const auto asked = questions_.find(key);
  if (asked != questions_.end()) {
    asked->second.waiting.push_back(std::move(done));
    return;
  }
  if (questions_.size() >= kQueue) {
    lock.unlock();
    return done(Answer::kTooBusy);
  }
  Question& question = questions_[key];
  question.password = credentials.password;
  question.hash = hash_of(credentials.user);
  question.is_user = users_.contains(credentials.user);
  question.waiting.push_back(std::move(done));
  order_.push_back(key);
  if (!thread_.joinable())
    thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
  wake_.notify_one();
}

void Authenticator::work(const std::stop_token& stop) {
  Bcrypt bcrypt;
  std::unique_lock lock(mutex_);
  while (wake_.wait(lock, stop, [this] { return !order_.empty(); })) {
    const VerdictCache::Key key = order_.front();
    order_.pop_front();
    // Stays in the table, so that more may wait for it; nobody else takes it out.
    Question& question = questions_[key];
    lock.unlock();
    const bool matches = bcrypt.matches(question.password, question.hash);
    const bool right = matches && question.is_user;
    ::OPENSSL_cleanse(question.password.data(), question.password.size());
    lock.lock();
    ++comparisons_;
    cache_.remember(key, right);
    const std::vector<Done> waiting = std::move(question.waiting);
    questions_.erase(key);
    lock.unlock();
    for (const Done& done : waiting) done(right ? Answer::kRight : Answer::kWrong);
    lock.lock();
  }
}

std::uint64_t Authenticator::comparisons() const {
  const std::lock_guard lock(mutex_);
  return comparisons_;
}

}  // namespace plimsoll::http
