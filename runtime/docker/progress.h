// What goes on, as clients are told of it: one JSON object a line, in a response that begins with
// the first of them.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "runtime/docker/call.h"
#include "runtime/image/store.h"

namespace plimsoll::docker {

// {"status":"Pulling fs layer","progressDetail":{},"id":"..."} and a newline.
[[nodiscard]] std::string encode(const image::Progress& progress);
// {"stream":"Loaded image: x\n"}
[[nodiscard]] std::string encode_stream(std::string_view text);
// {"errorDetail":{"message":"..."},"error":"..."}: what makes a client fail in the middle.
[[nodiscard]] std::string encode_error(std::string_view message);

// Thread: reports from any; finish() after the last of them.
class ProgressStream {
 public:
  explicit ProgressStream(CallPtr call) : call_(std::move(call)) {}

  // False: nobody listens any more.
  bool line(std::string json);
  bool report(const image::Progress& progress) { return line(encode(progress)); }
  [[nodiscard]] image::Report reporter() {
    return [this](const image::Progress& progress) { return report(progress); };
  }
  // The end. What was refused before the first line is an ordinary error.
  void finish(const model::Answer<>& answer);

 private:
  const CallPtr call_;
  std::mutex mutex_;
  std::shared_ptr<http::Stream> stream_;
};

}  // namespace plimsoll::docker
