// Whether a name and a password belong together. Comparing is slow by design, so it has a thread of
// its own, which starts with the first question, and what it found is remembered.
//
// A name that nobody has costs as long as one that somebody has: it is compared with a decoy of the
// highest cost in use.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "http/credentials.h"
#include "http/verdict_cache.h"
#include "http/web_config.h"

namespace plimsoll::http {

class Authenticator {
 public:
  enum class Answer : std::uint8_t { kRight, kWrong, kTooBusy };
  using Done = std::function<void(Answer)>;

  [[nodiscard]] static Result<std::unique_ptr<Authenticator>> create();
  ~Authenticator();  // Questions not answered are dropped.
  Authenticator(const Authenticator&) = delete;
  Authenticator& operator=(const Authenticator&) = delete;

  // Loop thread, like all that follows.
  void set_users(Users users);
  // At once, if it is known; nothing: ask().
  [[nodiscard]] std::optional<bool> known(const Credentials& credentials);
  // Calls `done` from the other thread. Equal questions at the same time are one; more different
  // ones than fit in the queue are kTooBusy, at once.
  void ask(const Credentials& credentials, Done done);
  // Comparisons made, that is, not answered from memory.
  [[nodiscard]] std::uint64_t comparisons() const;

 private:
  struct Question {
    std::string password;
    std::string hash;
    bool is_user = false;
    std::vector<Done> waiting;
  };

  explicit Authenticator(VerdictCache cache) : cache_(std::move(cache)) {}
  [[nodiscard]] const std::string& hash_of(const std::string& user) const;
  [[nodiscard]] VerdictCache::Key key_of(const Credentials& credentials) const;
  void work(const std::stop_token& stop);

  Users users_;
  std::string decoy_;

  mutable std::mutex mutex_;  // Guards what follows, down to the thread.
  std::condition_variable_any wake_;
  VerdictCache cache_;
  std::map<VerdictCache::Key, Question> questions_;
  std::deque<VerdictCache::Key> order_;
  std::uint64_t comparisons_ = 0;

  std::jthread thread_;
};

}  // namespace plimsoll::http
