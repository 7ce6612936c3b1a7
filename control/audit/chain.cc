#include "control/audit/chain.h"

#include "base/text.h"

namespace plimsoll::control {
namespace {

// Empty: the line is in its place.
Result<std::string> fault_of(const AuditShape& shape, const std::optional<AuditHead>& before) {
  const Digest hash = PLIMSOLL_TRY(sha256(shape.hashed));
  if (hash != shape.head.hash) return std::string("was changed: its hash is " + hash);
  if (!before) return std::string();
  if (shape.head.seq != before->seq + 1)
    return "stands behind record " + std::to_string(before->seq) + ": some were removed or moved";
  if (shape.before != before->hash) return std::string("does not follow from the record before it");
  return std::string();
}

}  // namespace

Result<ChainPart> check_chain(std::string_view text, const std::optional<AuditHead>& before) {
  ChainPart part{.head = before};
  if (!text.empty() && !text.ends_with('\n'))
    // A reader may come while the last line is being written.
    text = text.substr(0, text.rfind('\n') + 1);
  std::size_t number = 0;
  for (std::string_view line; next_line(text, line);) {
    const std::string where = "line " + std::to_string(++number);
    auto shape = shape_of(line);
    if (!shape)
      return failure(ErrorKind::kMalformed, "audit",
                     where + ": is no record: " + std::string(line));
    const std::string fault = PLIMSOLL_TRY(fault_of(*shape, part.head));
    if (!fault.empty())
      return failure(ErrorKind::kMalformed, "audit",
                     where + ", record " + std::to_string(shape->head.seq) + " " + fault);
    part.head = std::move(shape->head);
    ++part.records;
  }
  return part;
}

ChainEnd find_end(std::string_view text) {
  ChainEnd end;
  const std::size_t last = text.rfind('\n');
  end.torn_bytes = last == std::string_view::npos ? text.size() : text.size() - last - 1;
  text.remove_suffix(end.torn_bytes);
  while (!text.empty()) {
    text.remove_suffix(1);                           // The newline.
    const std::size_t start = text.rfind('\n') + 1;  // 0 where there is none.
    if (auto shape = shape_of(text.substr(start))) {
      end.head = std::move(shape->head);
      return end;
    }
    ++end.unreadable;
    text = text.substr(0, start);
  }
  return end;
}

}  // namespace plimsoll::control
