#include "http/etcd/etcd_answer.h"

#include <algorithm>
#include <utility>

#include "base/base64.h"
#include "base/json.h"
#include "base/number.h"
#include "base/text.h"

namespace plimsoll::etcd {

namespace {

using json::Type;
using json::Value;

constexpr std::size_t kExcerpt = 300;  // Of an answer, in an error.

std::string excerpt(std::string_view text) {
  std::string valid;
  append_valid_utf8(valid, trim(text.substr(0, kExcerpt)));
  return valid;
}

Failure unexpected(const char* what) {
  return failure(ErrorKind::kMalformed, "etcd", std::string("an answer whose ") + what);
}

Result<json::Document> parse_object(std::string_view text) {
  Result<json::Document> document = json::parse(text, {.bytes = kMaxAnswer, .depth = 16});
  if (!document || document->root.type != Type::kObject)
    return failure(ErrorKind::kMalformed, "etcd", "not its gateway: " + excerpt(text));
  return document;
}

// Absent is 0: the gateway leaves out what has no value.
template <class T>
Result<T> number(const Value& object, std::string_view name) {
  const Value* const value = object.find(name);
  if (value == nullptr) return T{0};
  if (value->type != Type::kString && value->type != Type::kNumber)
    return unexpected("numbers are none");
  const auto parsed = to_number<T>(value->text);
  if (!parsed) return unexpected("numbers are none");
  return *parsed;
}

Result<bool> boolean(const Value& object, std::string_view name) {
  const Value* const value = object.find(name);
  if (value == nullptr) return false;
  if (value->type != Type::kBoolean) return unexpected("truth values are none");
  return value->boolean;
}

Result<std::string> bytes(const Value& object, std::string_view name) {
  const Value* const value = object.find(name);
  if (value == nullptr) return std::string();
  auto decoded = value->type == Type::kString ? from_base64(value->text) : std::nullopt;
  if (!decoded) return unexpected("keys or values are not base64");
  return *std::move(decoded);
}

Result<Moment> moment(const Value& answer) {
  const Value* const header = answer.find("header");
  if (header == nullptr || header->type != Type::kObject) return unexpected("header is missing");
  Moment moment;
  moment.cluster = PLIMSOLL_TRY(number<std::uint64_t>(*header, "cluster_id"));
  moment.revision = PLIMSOLL_TRY(number<std::int64_t>(*header, "revision"));
  moment.term = PLIMSOLL_TRY(number<std::uint64_t>(*header, "raft_term"));
  return moment;
}

// The elements of a list that may be absent; each is an object.
template <class OnElement>
Result<> for_each(const Value& object, std::string_view name, const OnElement& on_element) {
  const Value* const list = object.find(name);
  if (list == nullptr) return {};
  if (list->type != Type::kArray) return unexpected("lists are none");
  for (const json::Member& element : list->members) {
    if (element.value.type != Type::kObject) return unexpected("lists hold no objects");
    PLIMSOLL_TRY(on_element(element.value));
  }
  return {};
}

Result<KeyChange> key_and_value(const Value& kv) {
  KeyChange change;
  change.key = PLIMSOLL_TRY(bytes(kv, "key"));
  change.value = PLIMSOLL_TRY(bytes(kv, "value"));
  if (change.key.empty()) return unexpected("key is empty");
  return change;
}

Result<> add_event(const Value& event, KeyNews& news) {
  const Value* const kv = event.find("kv");
  if (kv == nullptr || kv->type != Type::kObject) return unexpected("events have no key");
  KeyChange change = PLIMSOLL_TRY(key_and_value(*kv));
  const Value* const type = event.find("type");  // Absent: PUT.
  if (type != nullptr && type->text == "DELETE") change.value.reset();
  news.through = std::max(news.through, PLIMSOLL_TRY(number<std::int64_t>(*kv, "mod_revision")));
  news.changes.push_back(std::move(change));
  return {};
}

ErrorKind kind_of_code(std::uint32_t code, int status) {
  switch (code) {
    case 5:   // NotFound: the lease.
    case 11:  // OutOfRange: the revision is compacted.
      return ErrorKind::kGone;
    case 7:   // PermissionDenied
    case 16:  // Unauthenticated
      return ErrorKind::kDenied;
    case 3:  // InvalidArgument
    case 9:  // FailedPrecondition
      return ErrorKind::kRejected;
    case 0:
      if (status == 401 || status == 403) return ErrorKind::kDenied;
      return status / 100 == 4 ? ErrorKind::kRejected : ErrorKind::kBusy;
    default:
      return ErrorKind::kBusy;
  }
}

// {"error":"...","message":"...","code":5}; in a watch {"grpc_code":5,"message":"..."} of `error`.
Error error_in(const Value& object, int status, std::string_view text) {
  const Value* const message = object.find("message");
  const auto code =
      number<std::uint32_t>(object, object.find("grpc_code") != nullptr ? "grpc_code" : "code");
  const bool told = message != nullptr && message->type == Type::kString;
  const std::string subject =
      told ? excerpt(message->text) : "status " + std::to_string(status) + ": " + excerpt(text);
  return failure(kind_of_code(code.value_or(0), status), "etcd", subject).error();
}

}  // namespace

Error error_of(int status, std::string_view text) {
  const Result<json::Document> document = parse_object(text);
  return error_in(document ? document->root : Value{}, status, text);
}

Result<Lease> parse_grant(std::string_view text) {
  const json::Document document = PLIMSOLL_TRY(parse_object(text));
  Lease lease;
  lease.id = PLIMSOLL_TRY(number<LeaseId>(document.root, "ID"));
  const auto ttl = PLIMSOLL_TRY(number<std::int64_t>(document.root, "TTL"));
  constexpr std::int64_t kLongest = 9'000'000'000;  // etcd's own bound.
  if (lease.id == 0 || ttl <= 0 || ttl > kLongest) return unexpected("lease is none");
  lease.ttl = std::chrono::seconds(ttl);
  return lease;
}

Result<> parse_keep_alive(std::string_view text) {
  const json::Document document = PLIMSOLL_TRY(parse_object(text));
  const Value* const result = document.root.find("result");
  if (result == nullptr || result->type != Type::kObject) {
    if (document.root.find("error") != nullptr) return Failure(error_in(document.root, 200, text));
    return unexpected("result is missing");
  }
  if (PLIMSOLL_TRY(number<std::int64_t>(*result, "TTL")) > 0) return {};
  return failure(ErrorKind::kGone, "etcd", "the lease ran out");
}

Result<KeyPage> parse_page(std::string_view text) {
  const json::Document document = PLIMSOLL_TRY(parse_object(text));
  KeyPage page;
  page.moment = PLIMSOLL_TRY(moment(document.root));
  page.more = PLIMSOLL_TRY(boolean(document.root, "more"));
  PLIMSOLL_TRY(for_each(document.root, "kvs", [&](const Value& kv) -> Result<> {
    page.keys.push_back(PLIMSOLL_TRY(key_and_value(kv)));
    return {};
  }));
  return page;
}

Result<std::string> parse_token(std::string_view text) {
  const json::Document document = PLIMSOLL_TRY(parse_object(text));
  const Value* const token = document.root.find("token");
  constexpr std::size_t kLongest = 8192;
  const auto clean = [](unsigned char c) { return c > ' ' && c < 0x7F; };
  if (token == nullptr || token->type != Type::kString || token->text.empty() ||
      token->text.size() > kLongest || !std::ranges::all_of(token->text, clean))
    return unexpected("token is none");
  return std::string(token->text);
}

Result<KeyNews> parse_news(std::string_view line) {
  const json::Document document = PLIMSOLL_TRY(parse_object(line));
  if (const Value* const error = document.root.find("error"); error != nullptr)
    return Failure(error_in(error->type == Type::kObject ? *error : document.root, 0, line));
  const Value* const result = document.root.find("result");
  if (result == nullptr || result->type != Type::kObject) return unexpected("result is missing");
  KeyNews news;
  news.moment = PLIMSOLL_TRY(moment(*result));
  news.started = PLIMSOLL_TRY(boolean(*result, "created"));
  const bool canceled = PLIMSOLL_TRY(boolean(*result, "canceled"));
  news.compacted = PLIMSOLL_TRY(number<std::int64_t>(*result, "compact_revision")) > 0;
  if (canceled && !news.compacted) {
    const Value* const reason = result->find("cancel_reason");
    return failure(ErrorKind::kBusy, "etcd",
                   "the watch was ended: " + excerpt(reason == nullptr ? line : reason->text));
  }
  PLIMSOLL_TRY(
      for_each(*result, "events", [&](const Value& event) { return add_event(event, news); }));
  return news;
}

Result<bool> LineCollector::add(std::string_view bytes, const OnLine& on_line) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    if (rest_.size() + piece.size() > kMaxAnswer)
      return failure(ErrorKind::kRejected, "etcd",
                     "a line of more than " + std::to_string(kMaxAnswer) + " bytes");
    rest_.append(piece);
    if (end == std::string_view::npos) return true;
    bytes.remove_prefix(end + 1);
    const std::string line = std::exchange(rest_, {});
    if (!trim(line).empty() && !PLIMSOLL_TRY(on_line(line))) return false;
  }
  return true;
}

}  // namespace plimsoll::etcd
