// What was found out about passwords, so that comparing (50 ms and more) is done once and not per
// scrape. Holds no password: only what HMAC-SHA256 makes of user, hash and password under a key
// that nobody but this process has and that is never shown. Not for sharing between threads.
//
// Right and wrong passwords have places of their own, so that a flood of wrong ones pushes no right
// one out.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "base/error.h"

namespace plimsoll::http {

class VerdictCache {
 public:
  using Key = std::array<std::uint8_t, 32>;

  // kIo when the kernel gives no random numbers.
  [[nodiscard]] static Result<VerdictCache> create(std::size_t right, std::size_t wrong);

  // Of whole texts: ("ab", "c") and ("a", "bc") are different.
  [[nodiscard]] Key key(std::string_view user, std::string_view hash,
                        std::string_view password) const;
  [[nodiscard]] std::optional<bool> find(const Key& key);
  // Forgets the one that was asked for longest ago when there is no place.
  void remember(const Key& key, bool right);

 private:
  struct KeyHash {
    // The key is a hash already, and nobody outside can choose it.
    std::size_t operator()(const Key& key) const;
  };
  class Shelf {
   public:
    explicit Shelf(std::size_t places) : places_(places) {}
    [[nodiscard]] bool find(const Key& key);
    void add(const Key& key);

   private:
    std::size_t places_;
    std::list<Key> used_;  // Last asked for first.
    std::unordered_map<Key, std::list<Key>::iterator, KeyHash> at_;
  };

  VerdictCache(const Key& secret, std::size_t right, std::size_t wrong)
      : secret_(secret), right_(right), wrong_(wrong) {}

  Key secret_;
  Shelf right_;
  Shelf wrong_;
};

}  // namespace plimsoll::http
