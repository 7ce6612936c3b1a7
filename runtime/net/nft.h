// libnftables: one text, one transaction.
//
// The library waits with select(2), which ends a program whose socket has a number from 1024 on,
// and an engine on a full host has thousands of descriptors. So each has a thread with a table of
// descriptors of its own, in which numbers begin anew.
//
// Thread: one at a time.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"

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
  class Desk;
  struct End {
    void operator()(Desk* desk) const;
  };
  explicit Nft(Desk* desk) : desk_(desk) {}
  std::unique_ptr<Desk, End> desk_;
};

}  // namespace plimsoll::net
