// HTTP requests by libcurl, which is loaded when the first is made: linked, it and the thirty
// libraries it brings would cost every process of this program 6 MB (docs/decisions/0014).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"

namespace plimsoll::image::registry {

class Curl;  // The loaded library.

struct Request {
  std::string method = "GET";
  std::string url;
  std::vector<std::string> headers;  // "Accept: ..."
  std::string body;
  const Fd* upload = nullptr;  // Instead of `body`: from its beginning.
  std::uint64_t upload_size = 0;
  // What comes with status 200 or 206; false ends the transfer. Absent: `Response::body`.
  std::function<bool(std::string_view)> sink;
  std::function<bool(std::uint64_t)> sent;  // Bytes of the upload that are out; false ends it.
};

struct Response {
  long status = 0;
  std::map<std::string, std::string> headers;  // Names in lower case; of the last answer.
  std::string body;                            // At most 8 MiB.
};

struct Transport {
  std::string authority_file;  // Of certificates, beside the system's directory; empty: only that.
  std::string own_certificate;
  std::string own_key;
  // "host[:port]": http:// will do on the way, and its own certificate may be anybody's. Empty:
  // none.
  std::string insecure_host;
};

// A connection, kept open between requests. Thread: one at a time.
class Session {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Session>> open(std::shared_ptr<const Curl> curl,
                                                             Transport transport);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  // kIo: there was no answer, or not all of it; the subject is libcurl's word for it.
  [[nodiscard]] Result<Response> perform(const Request& request);

 private:
  Session(std::shared_ptr<const Curl> curl, Transport transport, void* handle)
      : curl_(std::move(curl)), transport_(std::move(transport)), handle_(handle) {}
  std::shared_ptr<const Curl> curl_;
  Transport transport_;
  void* handle_;
};

// kNotOffered when libcurl.so.4 is not there; the subject says which package holds it.
[[nodiscard]] Result<std::shared_ptr<const Curl>> load_curl();

}  // namespace plimsoll::image::registry
