#include "http/verdict_cache.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>

#include <cstring>
#include <string>

namespace plimsoll::http {

namespace {

// The length first: where one text ends and the next begins must not be the sender's choice.
void append(std::string& message, std::string_view text) {
  const std::uint64_t size = text.size();
  message.append(reinterpret_cast<const char*>(&size), sizeof size);
  message.append(text);
}

}  // namespace

Result<VerdictCache> VerdictCache::create(std::size_t right, std::size_t wrong) {
  Key secret{};
  if (::getrandom(secret.data(), secret.size(), 0) != static_cast<ssize_t>(secret.size()))
    return os_failure("getrandom", "key of the password cache");
  return VerdictCache(secret, right, wrong);
}

VerdictCache::Key VerdictCache::key(std::string_view user, std::string_view hash,
                                    std::string_view password) const {
  std::string message;
  append(message, user);
  append(message, hash);
  append(message, password);
  Key key{};
  unsigned size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
  PLIMSOLL_CHECK(::HMAC(::EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()), bytes,
                        message.size(), key.data(), &size) != nullptr &&
                 size == key.size());
  ::OPENSSL_cleanse(message.data(), message.size());
  return key;
}

std::optional<bool> VerdictCache::find(const Key& key) {
  if (right_.find(key)) return true;
  if (wrong_.find(key)) return false;
  return std::nullopt;
}

void VerdictCache::remember(const Key& key, bool right) {
  (right ? right_ : wrong_).add(key);
}

std::size_t VerdictCache::KeyHash::operator()(const Key& key) const {
  std::size_t hash = 0;
  std::memcpy(&hash, key.data(), sizeof hash);
  return hash;
}

bool VerdictCache::Shelf::find(const Key& key) {
  const auto found = at_.find(key);
  if (found == at_.end()) return false;
  used_.splice(used_.begin(), used_, found->second);
  return true;
}

void VerdictCache::Shelf::add(const Key& key) {
  if (places_ == 0 || find(key)) return;
  if (used_.size() >= places_) {
    at_.erase(used_.back());
    used_.pop_back();
  }
  used_.push_front(key);
  at_.emplace(key, used_.begin());
}

}  // namespace plimsoll::http
