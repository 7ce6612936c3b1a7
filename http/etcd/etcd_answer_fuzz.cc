// Whatever etcd's place answers: parsing ends, and what was understood keeps its promises.
#include <cstddef>
#include <cstdint>

#include "base/base64.h"
#include "base/error.h"
#include "http/etcd/etcd_answer.h"
#include "http/etcd/file_sd.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plimsoll::etcd;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto lease = parse_grant(text))
    PLIMSOLL_CHECK(lease->id != 0 && lease->ttl.count() > 0);
  (void)parse_keep_alive(text);
  if (const auto token = parse_token(text))
    PLIMSOLL_CHECK(token->find_first_of("\r\n ") == std::string::npos);
  if (const auto page = parse_page(text))
    for (const KeyChange& key : page->keys) PLIMSOLL_CHECK(!key.key.empty() && key.value);
  LineCollector lines;
  (void)lines.add(text, [](std::string_view line) -> plimsoll::Result<bool> {
    if (const auto news = parse_news(line))
      for (const KeyChange& change : news->changes) PLIMSOLL_CHECK(!change.key.empty());
    return true;
  });
  PLIMSOLL_CHECK(!error_of(500, text).subject.empty());
  if (const auto bytes = plimsoll::from_base64(text))
    PLIMSOLL_CHECK(plimsoll::from_base64(plimsoll::to_base64(*bytes)) == bytes);
  // What goes into the file is a list that reads back as it is.
  if (const auto groups = target_groups(text); groups && !groups->empty()) {
    const auto again = target_groups("{\"targets\":[" + *groups + "]}");
    PLIMSOLL_CHECK(again && *again == *groups);
  }
  return 0;
}
