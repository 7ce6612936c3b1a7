// Content addresses: "sha256:" and 64 digits.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/fd.h"

struct evp_md_ctx_st;

namespace plimsoll::image {

class Hasher {
 public:
  Hasher();
  void update(std::string_view bytes);
  // "sha256:..."; the hasher is spent.
  [[nodiscard]] std::string finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

// No other algorithm is taken, and no capital digits: one content has one name.
[[nodiscard]] bool is_digest(std::string_view text);
// The digits of a digest.
[[nodiscard]] inline std::string_view hex_of(std::string_view digest) {
  return digest.substr(digest.find(':') + 1);
}
[[nodiscard]] std::string digest_of(std::string_view bytes);
// Of the whole file, wherever its position is.
[[nodiscard]] Result<std::string> digest_of(const Fd& file);

// 26 letters and digits that stand for a text: 130 bits of its digest. Short, so that the paths of
// 127 layers fit into one page of mount options.
[[nodiscard]] std::string short_key(std::string_view text);

}  // namespace plimsoll::image
