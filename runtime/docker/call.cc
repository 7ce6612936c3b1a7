#include "runtime/docker/call.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>

#include "base/json.h"
#include "base/number.h"

namespace plimsoll::docker {

namespace {

// A client that takes less than is made: so much waits in memory, and the maker for the client.
constexpr std::size_t kMostPending = std::size_t{1} << 20;
constexpr std::size_t kFrame = std::size_t{64} << 10;

// As clients expect on every answer.
void add_usual(http::Response& response) {
  response.headers.emplace_back("Api-Version", to_text(kNewest));
  response.headers.emplace_back("Docker-Experimental", "false");
  response.headers.emplace_back("Ostype", "linux");
  response.headers.emplace_back("Server", "Plimsoll/" PLIMSOLL_VERSION " (linux)");
}

// Small pieces gathered, large ones passed on, all at the client's pace.
class Outflow {
 public:
  using Open = std::function<std::shared_ptr<http::Stream>()>;
  explicit Outflow(Open open) : open_(std::move(open)) {}

  bool write(std::string_view bytes) {
    buffer_ += bytes;
    return buffer_.size() < kFrame || flush();
  }
  // False: nobody takes it any more.
  bool flush() {
    if (!stream_) stream_ = open_();
    if (buffer_.empty()) return !stream_->closed();
    if (!stream_->wait_for_room(kMostPending)) return false;
    stream_->write(std::make_shared<const std::string>(std::exchange(buffer_, {})));
    return true;
  }
  [[nodiscard]] bool is_open() const { return stream_ != nullptr; }
  void finish() {
    if (flush()) stream_->finish();
  }

 private:
  Open open_;
  std::shared_ptr<http::Stream> stream_;
  std::string buffer_;
};

}  // namespace

bool is_yes(std::string_view word) {
  constexpr std::array<std::string_view, 5> kNo = {"", "0", "no", "false", "none"};
  std::string lower(word);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return std::ranges::find(kNo, lower) == kNo.end();
}

std::string error_body(std::string_view message) {
  std::string body = R"({"message":)";
  json::append_string(body, message);
  return body + "}\n";
}

Call::Call(http::Request request, http::Responder responder, ApiVersion version,
           std::string parameter)
    : request_(std::move(request)),
      responder_(std::move(responder)),
      version_(version),
      parameter_(std::move(parameter)) {}

Call::~Call() {
  if (!answered_) fail({model::Refused::kUnavailable, "the engine is stopping; nothing was done"});
}

std::string Call::query(std::string_view name) const {
  const std::string* const value = request_.parameter(name);
  return value == nullptr ? std::string() : *value;
}

bool Call::has(std::string_view name) const {
  return request_.parameter(name) != nullptr;
}

std::vector<std::string> Call::queries(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : request_.query)
    if (key == name) values.push_back(value);
  return values;
}

bool Call::flag(std::string_view name, Default absent) const {
  const std::string* const value = request_.parameter(name);
  return value == nullptr ? absent == Default::kYes : is_yes(*value);
}

model::Answer<std::optional<std::int64_t>> Call::number(std::string_view name) const {
  const std::string* const value = request_.parameter(name);
  if (value == nullptr || value->empty()) return std::nullopt;
  const auto number = to_number<std::int64_t>(*value);
  if (!number)
    return model::refuse(model::Refused::kInvalid,
                         std::string(name) + ": \"" + *value + "\" is no whole number");
  return number;
}

model::Answer<std::shared_ptr<const Fd>> Call::archive() const {
  if (request_.body_file) return request_.body_file;
  Fd empty(::memfd_create("empty body", MFD_CLOEXEC));
  if (!empty)
    return model::refuse(model::Refused::kFailed,
                         os_failure("memfd_create", "body").error().message());
  return std::make_shared<const Fd>(std::move(empty));
}

http::Response Call::head(int status, std::string content_type) const {
  http::Response response;
  response.status = status;
  response.content_type = std::move(content_type);
  add_usual(response);
  return response;
}

void Call::respond(int status, std::string json) {
  http::Response response = http::Response::json(status, std::move(json));
  send(std::move(response));
}

void Call::respond(int status) {
  http::Response response;
  response.status = status;
  response.content_type.clear();
  send(std::move(response));
}

void Call::fail(const model::Refusal& refusal) {
  if (refusal.why == model::Refused::kNotModified) return respond(304);
  respond(static_cast<int>(refusal.why), error_body(refusal.message));
}

void Call::done(const model::Answer<>& answer) {
  if (answer)
    respond(204);
  else
    fail(answer.error());
}

void Call::send(http::Response response) {
  answered_ = true;
  add_usual(response);
  responder_.send(std::move(response));
}

std::shared_ptr<http::Stream> Call::stream(std::string content_type,
                                           std::function<void()> on_close) {
  answered_ = true;
  return responder_.stream(head(200, std::move(content_type)), std::move(on_close));
}

std::shared_ptr<http::Channel> Call::hijack(std::string content_type, http::ChannelEvents events) {
  answered_ = true;
  return responder_.hijack(head(200, std::move(content_type)), std::move(events));
}

void Call::copy_out(std::string content_type, Headers headers,
                    const std::function<model::Answer<>(const Sink&)>& produce) {
  Outflow out([&] {
    answered_ = true;
    http::Response first = head(200, std::move(content_type));
    for (auto& header : headers) first.headers.push_back(std::move(header));
    return responder_.stream(std::move(first));
  });
  const model::Answer<> made = produce([&](std::string_view bytes) { return out.write(bytes); });
  if (made) return out.finish();
  if (!out.is_open()) fail(made.error());
}

}  // namespace plimsoll::docker
