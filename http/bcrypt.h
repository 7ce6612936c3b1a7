// bcrypt, as the web config stores passwords.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace plimsoll::http {

// "$2y$10$" and 53 more characters: something bcrypt can compare with. 0 if it is not, else the
// cost: each step doubles the time.
[[nodiscard]] unsigned bcrypt_cost(std::string_view hash);

// A hash of that cost which no password has: comparing with it takes as long as with a real one.
[[nodiscard]] std::string bcrypt_decoy(unsigned cost);

// Compares; takes 50 ms at cost 10. Not for sharing between threads: it owns the working memory.
class Bcrypt {
 public:
  Bcrypt();
  ~Bcrypt();  // Wipes what the last password left.
  Bcrypt(const Bcrypt&) = delete;
  Bcrypt& operator=(const Bcrypt&) = delete;

  // False also when `hash` is none. As everywhere with bcrypt, 72 bytes of a password count.
  [[nodiscard]] bool matches(std::string_view password, std::string_view hash);

 private:
  struct Work;
  std::unique_ptr<Work> work_;
};

}  // namespace plimsoll::http
