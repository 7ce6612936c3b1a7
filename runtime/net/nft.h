// libnftables: one text, one transaction.
//
// Thread: one at a time.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"

struct nft_ctx;

namespace plimsoll::net {

class Nft {
 public:
  // In the network namespace of the calling thread, for good.
  [[nodiscard]] static Result<Nft> open();

  // All of it is done, or nothing. kRejected has the library's words.
  [[nodiscard]] Result<> run(const std::string& text);
  // What "list table inet ..." prints.
  [[nodiscard]] Result<std::string> ask(const std::string& text);

 private:
  struct End {
    void operator()(nft_ctx* context) const;
  };
  explicit Nft(nft_ctx* context) : context_(context) {}
  std::unique_ptr<nft_ctx, End> context_;
};

}  // namespace plimsoll::net
