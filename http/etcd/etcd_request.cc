#include "http/etcd/etcd_request.h"

#include "base/base64.h"
#include "base/json.h"

namespace plimsoll::etcd {

namespace {

std::string quoted(std::int64_t number) {
  return '"' + std::to_string(number) + '"';
}

std::string encoded(const std::string& bytes) {
  return '"' + to_base64(bytes) + '"';
}

}  // namespace

std::string end_of(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xFF) prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

std::string grant_request(std::chrono::seconds ttl) {
  return "{\"TTL\":" + quoted(ttl.count()) + "}";
}

std::string lease_request(LeaseId lease) {
  return "{\"ID\":" + quoted(lease) + "}";
}

std::string write_request(std::span<const KeyChange> changes, LeaseId lease) {
  std::string text = "{\"success\":[";
  for (const KeyChange& change : changes) {
    if (&change != changes.data()) text += ',';
    if (change.value)
      text += "{\"request_put\":{\"key\":" + encoded(change.key) +
              ",\"value\":" + encoded(*change.value) + ",\"lease\":" + quoted(lease) + "}}";
    else
      text += "{\"request_delete_range\":{\"key\":" + encoded(change.key) + "}}";
  }
  return text + "]}";
}

std::string page_request(const std::string& from, const std::string& end, std::int64_t revision,
                         std::size_t limit) {
  std::string text = "{\"key\":" + encoded(from) + ",\"range_end\":" + encoded(end) +
                     ",\"limit\":" + quoted(static_cast<std::int64_t>(limit));
  if (revision > 0) text += ",\"revision\":" + quoted(revision);
  return text + "}";
}

std::string watch_request(const std::string& from, const std::string& end, std::int64_t revision) {
  return "{\"create_request\":{\"key\":" + encoded(from) + ",\"range_end\":" + encoded(end) +
         ",\"start_revision\":" + quoted(revision) + "}}";
}

std::string login_request(const std::string& user, const std::string& password) {
  std::string text = "{\"name\":";
  json::append_string(text, user);
  text += ",\"password\":";
  json::append_string(text, password);
  return text + "}";
}

}  // namespace plimsoll::etcd
