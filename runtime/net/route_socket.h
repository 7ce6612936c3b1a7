// rtnetlink(7): several requests in one message, answered together.
//
// The kernel carries out every request of a batch, also those behind one that failed: what a batch
// made is undone by its caller. Thread: one at a time.
#pragma once

#include <linux/netlink.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/fd.h"

namespace plimsoll::net {

class Batch {
 public:
  // Begins the next request. `what` is for the message of its failure: "link eth0".
  void begin(std::uint16_t type, std::uint16_t flags, std::string what);
  // The family's own header.
  template <class T>
  void put_header(const T& header) {
    append(std::as_bytes(std::span(&header, 1)));
  }
  void put(std::uint16_t type, std::span<const std::byte> payload);
  void put(std::uint16_t type, std::span<const std::uint8_t> payload) {
    put(type, std::as_bytes(payload));
  }
  void put(std::uint16_t type, std::uint32_t value) {
    put(type, std::as_bytes(std::span(&value, 1)));
  }
  void put(std::uint16_t type, std::uint8_t value) {
    put(type, std::as_bytes(std::span(&value, 1)));
  }
  void put(std::uint16_t type, const std::string& text) {
    put(type, std::as_bytes(std::span(text.c_str(), text.size() + 1)));
  }
  // What is put until the end is inside the attribute.
  [[nodiscard]] std::size_t begin_nest(std::uint16_t type);
  void end_nest(std::size_t start);
  // Mirrors of the uapi struct for nested headers (VETH_INFO_PEER).
  void append(std::span<const std::byte> bytes);

  [[nodiscard]] std::size_t count() const { return starts_.size(); }

 private:
  friend class RouteSocket;
  void finish();

  std::vector<std::byte> bytes_;
  std::vector<std::size_t> starts_;
  std::vector<std::string> whats_;
};

class RouteSocket {
 public:
  // In the network namespace of the calling thread, for good.
  [[nodiscard]] static Result<RouteSocket> open();

  // Postcondition: all was done; or the first failure, with what the others made still there.
  [[nodiscard]] Result<> run(Batch& batch);
  // One request with NLM_F_DUMP; `take` gets every message of the answer.
  [[nodiscard]] Result<> dump(Batch& batch, const std::function<void(const nlmsghdr&)>& take);
  // 0: there is none of this name.
  [[nodiscard]] Result<int> index_of(const std::string& link) const;
  // The kernel makes a link whose other end came up ready for packets in its own time, which is
  // long on a busy host: the first ones are lost. Kernels from 6.8 on do it at once when they are
  // asked whether it is; with others nothing is worse.
  void settle(const std::string& link) const;

 private:
  explicit RouteSocket(Fd fd) : fd_(std::move(fd)) {}
  [[nodiscard]] Result<> send(Batch& batch);
  [[nodiscard]] Result<std::span<const std::byte>> receive();

  Fd fd_;
  std::uint32_t sequence_ = 0;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(32768);
};

// One attribute of an answer.
struct Attribute {
  std::uint16_t type = 0;
  std::span<const std::byte> payload;
};
// Takes the next off `bytes`; false at the end, or where what is left is not one.
[[nodiscard]] bool next_attribute(std::span<const std::byte>& bytes, Attribute& attribute);

}  // namespace plimsoll::net
