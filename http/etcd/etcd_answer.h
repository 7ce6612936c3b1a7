// Answers of etcd's HTTP/JSON gateway, parsed. Pure; bounded by kMaxAnswer. Unknown members are the
// future and skipped; what is there and of another kind than it should be is kMalformed.
#pragma once

#include <string>
#include <string_view>

#include "http/etcd/store.h"

namespace plimsoll::etcd {

// Of one answer, and of one line of a watch.
inline constexpr std::size_t kMaxAnswer = std::size_t{32} << 20;

[[nodiscard]] Result<Lease> parse_grant(std::string_view text);
// {"result":{"ID":"77","TTL":"2"}}; without a TTL the lease is not there: kGone.
[[nodiscard]] Result<> parse_keep_alive(std::string_view text);
[[nodiscard]] Result<KeyPage> parse_page(std::string_view text);
[[nodiscard]] Result<std::string> parse_token(std::string_view text);
// One line of a watch. An {"error":...} is an error of the kind that error_of() says.
[[nodiscard]] Result<KeyNews> parse_news(std::string_view line);

// What a status other than 200 means; `text` is its body. By gRPC's codes: 5 is kGone (no such
// lease), 11 too (compacted), 7 and 16 kDenied, 3 and 9 kRejected, the rest kBusy.
[[nodiscard]] Error error_of(int status, std::string_view text);

// Collects a stream's bytes into lines.
class LineCollector {
 public:
  // Calls `on_line` with each whole line that is not empty until it returns false. kRejected for a
  // line beyond kMaxAnswer.
  using OnLine = std::function<Result<bool>(std::string_view)>;
  [[nodiscard]] Result<bool> add(std::string_view bytes, const OnLine& on_line);

 private:
  std::string rest_;
};

}  // namespace plimsoll::etcd
