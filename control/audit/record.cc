#include "control/audit/record.h"

#include <openssl/evp.h>

#include <array>
#include <nlohmann/json.hpp>

#include "base/number.h"
#include "base/text.h"

namespace plimsoll::control {
namespace {

constexpr std::string_view kSeq = "{\"seq\":";
constexpr std::string_view kPrev = ",\"prev\":\"";
constexpr std::string_view kHash = ",\"hash\":\"";
constexpr std::string_view kEnd = "\"}";
constexpr std::string_view kHex = "0123456789abcdef";

void append_string(std::string& out, std::string_view text) {
  std::string valid;
  append_valid_utf8(valid, text);
  out += '"';
  for (const char c : valid) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      out += "\\u00";
      out += kHex[byte >> 4U];
      out += kHex[byte & 0xFU];
    } else {
      out += c;
    }
  }
  out += '"';
}

// Absent where there is nothing to say.
void append_text(std::string& out, std::string_view key, std::string_view text) {
  if (text.empty()) return;
  out.append(",\"").append(key).append("\":");
  append_string(out, text);
}

void append_number(std::string& out, std::string_view key, std::uint64_t value) {
  out.append(",\"").append(key).append("\":").append(std::to_string(value));
}

bool is_digest(std::string_view text) {
  return text.size() == kDigestLength && text.find_first_not_of(kHex) == std::string_view::npos;
}

using Json = nlohmann::json;

std::string text_at(const Json& object, const char* key) {
  const auto value = object.find(key);
  return value != object.end() && value->is_string() ? value->get<std::string>() : std::string();
}

template <class T>
T number_at(const Json& object, const char* key) {
  const auto value = object.find(key);
  return value != object.end() && value->is_number_unsigned() ? value->get<T>() : T{};
}

}  // namespace

std::string_view name_of(AuditRecord::Kind kind) {
  switch (kind) {
    case AuditRecord::Kind::kWrite:
      return "write";
    case AuditRecord::Kind::kRefused:
      return "refused";
    case AuditRecord::Kind::kNote:
      break;
  }
  return "note";
}

Digest no_digest() {
  return Digest(kDigestLength, '0');
}

Result<Digest> sha256(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
  unsigned int size = 0;
  if (::EVP_Digest(bytes.data(), bytes.size(), raw.data(), &size, ::EVP_sha256(), nullptr) != 1 ||
      size != kDigestLength / 2)
    return failure(ErrorKind::kIo, "sha256", "OpenSSL refuses SHA-256");
  Digest digest;
  digest.reserve(kDigestLength);
  for (unsigned int i = 0; i < size; ++i) {
    digest += kHex[raw[i] >> 4U];
    digest += kHex[raw[i] & 0xFU];
  }
  return digest;
}

Result<AuditLine> write_line(const AuditRecord& record, const Digest& before) {
  std::string line;
  line.append(kSeq).append(std::to_string(record.seq)).append(kPrev).append(before).append("\"");
  append_text(line, "time", rfc3339(record.time));
  append_text(line, "kind", name_of(record.kind));
  append_number(line, "uid", record.uid);
  append_number(line, "pid", record.pid);
  append_text(line, "comm", record.comm);
  append_text(line, "rule", record.rule);
  if (record.change != 0) append_number(line, "change", record.change);
  append_text(line, "cgroup", record.cgroup);
  append_text(line, "knob", record.knob);
  append_text(line, "file", record.file);
  append_text(line, "key", record.key);
  if (record.kind == AuditRecord::Kind::kWrite) {
    line += ",\"old\":";
    append_string(line, record.old_text);
    line += ",\"new\":";
    append_string(line, record.new_text);
  }
  append_text(line, "read_back", record.read_back);
  append_text(line, "result", record.result);
  append_text(line, "detail", record.detail);
  Digest hash = PLIMSOLL_TRY(sha256(line));
  line.append(kHash).append(hash).append(kEnd).append("\n");
  return AuditLine{std::move(line), {record.seq, std::move(hash)}};
}

Result<AuditShape> shape_of(std::string_view line) {
  const std::string_view whole = line;
  constexpr std::size_t kTail = kHash.size() + kDigestLength + kEnd.size();
  if (!line.starts_with(kSeq) || !line.ends_with(kEnd) || line.size() < kTail)
    return malformed(whole);
  AuditShape shape;
  shape.hashed = line.substr(0, line.size() - kTail);
  std::string_view tail = line.substr(shape.hashed.size());
  if (!tail.starts_with(kHash)) return malformed(whole);
  tail.remove_prefix(kHash.size());
  shape.head.hash = tail.substr(0, kDigestLength);
  line = shape.hashed.substr(std::min(kSeq.size(), shape.hashed.size()));
  const auto seq = to_number<std::uint64_t>(line.substr(0, line.find(',')));
  line.remove_prefix(std::min(line.size(), line.find(',')));
  if (!seq || !line.starts_with(kPrev)) return malformed(whole);
  shape.head.seq = *seq;
  shape.before = line.substr(kPrev.size(), kDigestLength);
  if (!is_digest(shape.before) || !is_digest(shape.head.hash)) return malformed(whole);
  return shape;
}

Result<AuditRecord> parse_line(std::string_view line) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return malformed(line);
  AuditRecord record;
  record.seq = number_at<std::uint64_t>(json, "seq");
  const auto time = parse_rfc3339(text_at(json, "time"));
  if (record.seq == 0 || !time) return malformed(line);
  record.time = *time;
  const std::string kind = text_at(json, "kind");
  for (const auto known :
       {AuditRecord::Kind::kWrite, AuditRecord::Kind::kRefused, AuditRecord::Kind::kNote})
    if (kind == name_of(known)) record.kind = known;
  record.uid = number_at<std::uint32_t>(json, "uid");
  record.pid = number_at<std::uint32_t>(json, "pid");
  record.comm = text_at(json, "comm");
  record.rule = text_at(json, "rule");
  record.change = number_at<std::uint64_t>(json, "change");
  record.cgroup = text_at(json, "cgroup");
  record.knob = text_at(json, "knob");
  record.file = text_at(json, "file");
  record.key = text_at(json, "key");
  record.old_text = text_at(json, "old");
  record.new_text = text_at(json, "new");
  record.read_back = text_at(json, "read_back");
  record.result = text_at(json, "result");
  record.detail = text_at(json, "detail");
  return record;
}

}  // namespace plimsoll::control
