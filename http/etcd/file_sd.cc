#include "http/etcd/file_sd.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "base/fd.h"
#include "base/json.h"

namespace plimsoll::etcd {

namespace {

using json::Type;
using json::Value;

constexpr std::size_t kMaxValue = std::size_t{1} << 20;
constexpr std::size_t kMaxAddress = 512;
constexpr ::mode_t kEverybodyReads = 0644;

bool is_label_name(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && letter(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

// Prometheus refuses a whole group for an address with a path, and a whole file for other types.
bool is_address(const Value& value) {
  return value.type == Type::kString && !value.text.empty() && value.text.size() <= kMaxAddress &&
         std::ranges::all_of(value.text,
                             [](unsigned char c) { return c > ' ' && c != '/' && c != 0x7F; });
}

Result<> append_labels(std::string& out, const Value* labels) {
  out += ",\"labels\":{";
  if (labels != nullptr && labels->type != Type::kObject) return malformed("labels");
  std::map<std::string_view, std::string_view> sorted;
  for (const json::Member& member :
       labels == nullptr ? std::vector<json::Member>() : labels->members) {
    if (member.value.type != Type::kString) return malformed(member.key);
    if (is_label_name(member.key)) sorted[member.key] = member.value.text;
  }
  bool first = true;
  for (const auto& [name, value] : sorted) {
    if (!first) out += ',';
    first = false;
    json::append_string(out, name);
    out += ':';
    json::append_string(out, value);
  }
  out += '}';
  return {};
}

Result<> append_group(std::string& out, const Value& group) {
  const Value* const targets = group.find("targets");
  if (targets == nullptr || targets->type != Type::kArray) return malformed("targets");
  if (!out.empty()) out += ",\n";
  out += "{\"targets\":[";
  for (const json::Member& target : targets->members) {
    if (!is_address(target.value)) return malformed(target.value.text);
    if (&target != targets->members.data()) out += ',';
    json::append_string(out, target.value.text);
  }
  out += ']';
  PLIMSOLL_TRY(append_labels(out, group.find("labels")));
  out += '}';
  return {};
}

Result<> write_all(const Fd& file, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t n = ::write(file.get(), text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_failure("write", path);
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Result<> write_new(const std::string& path, std::string_view text) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return os_failure("unlink", path);
  const Fd file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kEverybodyReads));
  if (!file) return os_failure("open", path);
  PLIMSOLL_TRY(write_all(file, text, path));
  if (::fchmod(file.get(), kEverybodyReads) != 0) return os_failure("fchmod", path);
  if (::fsync(file.get()) != 0) return os_failure("fsync", path);
  return {};
}

}  // namespace

Result<std::string> target_groups(std::string_view value) {
  const Result<json::Document> document = json::parse(value, {.bytes = kMaxValue, .depth = 16});
  if (!document || document->root.type != Type::kObject) return malformed(value.substr(0, 100));
  const Value* const targets = document->root.find("targets");
  std::string text;
  if (targets == nullptr) return text;
  if (targets->type != Type::kArray) return malformed("targets");
  for (const json::Member& group : targets->members) PLIMSOLL_TRY(append_group(text, group.value));
  return text;
}

Result<> replace_file(const std::string& path, std::string_view text) {
  const std::string beside = path + ".tmp";  // Of a name that no *.json of Prometheus finds.
  if (Result<> written = write_new(beside, text); !written) {
    (void)::unlink(beside.c_str());
    return written;
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) {
    const int os_error = errno;
    (void)::unlink(beside.c_str());
    return os_failure("rename", path, os_error);
  }
  const std::string directory =
      path.find('/') == std::string::npos ? "." : path.substr(0, path.rfind('/') + 1);
  const Fd parent(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent || ::fsync(parent.get()) != 0) return os_failure("fsync", directory);
  return {};
}

}  // namespace plimsoll::etcd
