#include "runtime/docker/progress.h"

#include "base/json.h"

namespace plimsoll::docker {

namespace {

constexpr std::size_t kMostPending = std::size_t{1} << 20;

void add_text(std::string& out, std::string_view key, std::string_view value) {
  out += out.size() == 1 ? "" : ",";
  json::append_string(out, key);
  out += ':';
  json::append_string(out, value);
}

}  // namespace

std::string encode(const image::Progress& progress) {
  std::string out = "{";
  if (!progress.status.empty()) add_text(out, "status", progress.status);
  if (progress.current != 0 || progress.total != 0) {
    out += out.size() == 1 ? "" : ",";
    out += R"("progressDetail":{"current":)" + std::to_string(progress.current);
    if (progress.total != 0) out += ",\"total\":" + std::to_string(progress.total);
    out += '}';
  } else if (!progress.id.empty()) {
    out += R"(,"progressDetail":{})";
  }
  if (!progress.id.empty()) add_text(out, "id", progress.id);
  if (!progress.aux.empty()) {
    out += out.size() == 1 ? "" : ",";
    out += "\"aux\":" + progress.aux;
  }
  return out + "}\r\n";
}

std::string encode_stream(std::string_view text) {
  std::string out = "{";
  add_text(out, "stream", text);
  return out + "}\r\n";
}

std::string encode_error(std::string_view message) {
  std::string out = R"({"errorDetail":{"message":)";
  json::append_string(out, message);
  out += R"(},"error":)";
  json::append_string(out, message);
  return out + "}\r\n";
}

bool ProgressStream::line(std::string json) {
  const std::lock_guard lock(mutex_);
  if (!stream_) stream_ = call_->stream("application/json");
  if (!stream_->wait_for_room(kMostPending)) return false;
  stream_->write(std::make_shared<const std::string>(std::move(json)));
  return true;
}

void ProgressStream::finish(const model::Answer<>& answer) {
  if (!answer && !stream_) return call_->fail(answer.error());
  if (!answer) line(encode_error(answer.error().message));
  if (!stream_) stream_ = call_->stream("application/json");
  stream_->finish();
}

}  // namespace plimsoll::docker
