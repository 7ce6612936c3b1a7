#include "http/bcrypt.h"

#include <crypt.h>
#include <openssl/crypto.h>

#include <algorithm>

#include "base/number.h"

namespace plimsoll::http {

namespace {

constexpr std::size_t kHashSize = 60;
constexpr std::size_t kPasswordBytes = 72;
// Others ("$2a$", "$2y$", "$2$") name bugs of old programs; the hashes of those without them agree.
constexpr std::string_view kVariant = "$2b$";

bool is_bcrypt_base64(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
         c == '/';
}

// The hash without its variant: "10$...". Empty if it is no hash.
std::string_view cost_and_digest(std::string_view hash) {
  if (!hash.starts_with("$2")) return {};
  hash.remove_prefix(2);
  if (!hash.starts_with('$')) hash.remove_prefix(std::min<std::size_t>(1, hash.size()));
  if (!hash.starts_with('$')) return {};
  hash.remove_prefix(1);
  if (hash.size() != kHashSize - kVariant.size() || hash[2] != '$') return {};
  return std::ranges::all_of(hash.substr(3), is_bcrypt_base64) ? hash : std::string_view();
}

}  // namespace

unsigned bcrypt_cost(std::string_view hash) {
  constexpr unsigned kLeast = 4;
  constexpr unsigned kMost = 31;
  const std::string_view rest = cost_and_digest(hash);
  if (rest.empty()) return 0;
  const auto cost = to_number<unsigned>(rest.substr(0, 2));
  return cost && *cost >= kLeast && *cost <= kMost ? *cost : 0;
}

std::string bcrypt_decoy(unsigned cost) {
  const std::string digits = (cost < 10 ? "0" : "") + std::to_string(cost);
  // A salt, and a digest of dots only, which would be zeros.
  return std::string(kVariant) + digits + "$" + "abcdefghijklmnopqrstuu" + std::string(31, '.');
}

struct Bcrypt::Work {
  crypt_data data{};
};

Bcrypt::Bcrypt() : work_(std::make_unique<Work>()) {}
Bcrypt::~Bcrypt() {
  OPENSSL_cleanse(&work_->data, sizeof work_->data);
}

bool Bcrypt::matches(std::string_view password, std::string_view hash) {
  if (bcrypt_cost(hash) == 0) return false;
  // crypt_rn would take what precedes a NUL for all of it.
  if (password.find('\0') != std::string_view::npos) return false;
  std::string phrase(password.substr(0, kPasswordBytes));
  const std::string setting = std::string(kVariant) + std::string(cost_and_digest(hash));
  const char* const made =
      ::crypt_rn(phrase.c_str(), setting.c_str(), &work_->data, sizeof work_->data);
  OPENSSL_cleanse(phrase.data(), phrase.size());
  return made != nullptr && std::string_view(made).size() == setting.size() &&
         ::CRYPTO_memcmp(made, setting.data(), setting.size()) == 0;
}

}  // namespace plimsoll::http
