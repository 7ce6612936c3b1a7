// Sender over libcurl: one handle, so that the connection is kept from request to request.

#include <algorithm>
#include <array>
#include <atomic>
#include <utility>

#include "base/secret.h"
#include "exporter/push/curl_library.h"
#include "exporter/push/sender.h"

namespace plimsoll::exporter {

namespace {

constexpr std::size_t kExcerpt = 512;  // Of an answer, in the error.

struct HandleDeleter {
  decltype(&curl_easy_cleanup) cleanup;
  void operator()(CURL* handle) const { cleanup(handle); }
};
struct ListDeleter {
  decltype(&curl_slist_free_all) free_all;
  void operator()(curl_slist* list) const { free_all(list); }
};
using Handle = std::unique_ptr<CURL, HandleDeleter>;
using List = std::unique_ptr<curl_slist, ListDeleter>;

// The answer's beginning is kept for the log, the rest read and forgotten.
std::size_t keep_excerpt(char* data, std::size_t size, std::size_t count, void* excerpt) {
  auto& kept = *static_cast<std::string*>(excerpt);
  const std::size_t n = size * count;
  kept.append(data, std::min(n, kExcerpt - std::min(kExcerpt, kept.size())));
  return n;
}

// Called about once a second and with every piece: anything but 0 ends the transfer.
int is_cancelled(void* cancelled, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<std::atomic<bool>*>(cancelled)->load() ? 1 : 0;
}

class RemoteSender final : public Sender {
 public:
  RemoteSender(CurlLibrary curl, RemoteOptions options)
      : curl_(curl), options_(std::move(options)), handle_(curl.easy_init(), {curl.easy_cleanup}) {}

  SendOutcome send(std::string_view body) override {
    if (!handle_) return {0, "curl_easy_init: out of memory", {}};
    if (Result<> prepared = prepare(body); !prepared) return {0, prepared.error().message(), {}};
    const CURLcode code = curl_.easy_perform(handle_.get());
    if (code != CURLE_OK)
      return {0,
              options_.url + ": " + (error_[0] != 0 ? error_.data() : curl_.easy_strerror(code)),
              {}};
    return outcome();
  }
  void cancel() override { cancelled_.store(true); }

 private:
  template <class Value>
  void set(CURLoption option, Value value) {
    curl_.easy_setopt(handle_.get(), option, value);
  }
  void set_if_given(CURLoption option, const std::string& value) {
    if (!value.empty()) set(option, value.c_str());
  }
  void add_header(const std::string& line) {
    headers_.reset(curl_.slist_append(headers_.release(), line.c_str()));
  }

  Result<> prepare(std::string_view body) {
    headers_ = List(nullptr, {curl_.slist_free_all});
    add_header("Content-Type: application/x-protobuf");
    add_header("Content-Encoding: snappy");
    add_header("X-Prometheus-Remote-Write-Version: 0.1.0");
    add_header("Expect:");  // No 100-continue: the body is small, the round trip is not.
    for (const std::string& header : options_.headers) add_header(header);
    if (!options_.bearer_token_file.empty())
      add_header("Authorization: Bearer " + PLIMSOLL_TRY(read_secret(options_.bearer_token_file)));
    if (!options_.user.empty()) {
      const std::string password = options_.password_file.empty()
                                       ? std::string()
                                       : PLIMSOLL_TRY(read_secret(options_.password_file));
      set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
      set(CURLOPT_USERNAME, options_.user.c_str());
      set(CURLOPT_PASSWORD, password.c_str());  // Copied by libcurl.
    }
    excerpt_.clear();
    error_.fill(0);
    set(CURLOPT_URL, options_.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_USERAGENT, "plimsoll/" PLIMSOLL_VERSION);
    set(CURLOPT_HTTPHEADER, headers_.get());
    // With its size below.
    set(CURLOPT_POSTFIELDS, body.data());  // NOLINT(bugprone-suspicious-stringview-data-usage)
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(options_.timeout.count()));
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_ERRORBUFFER, error_.data());
    set(CURLOPT_WRITEFUNCTION, &keep_excerpt);
    set(CURLOPT_WRITEDATA, &excerpt_);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, &is_cancelled);
    set(CURLOPT_XFERINFODATA, &cancelled_);
    set_if_given(CURLOPT_CAINFO, options_.ca_file);
    set_if_given(CURLOPT_SSLCERT, options_.cert_file);
    set_if_given(CURLOPT_SSLKEY, options_.key_file);
    return {};
  }

  SendOutcome outcome() {
    long status = 0;
    curl_off_t retry_after = 0;
    curl_.easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
    curl_.easy_getinfo(handle_.get(), CURLINFO_RETRY_AFTER, &retry_after);
    SendOutcome outcome;
    outcome.status = static_cast<int>(status);
    if (retry_after > 0) outcome.retry_after = std::chrono::seconds(retry_after);
    if (!outcome.accepted())
      outcome.error = options_.url + ": status " + std::to_string(status) + ": " + excerpt_;
    return outcome;
  }

  const CurlLibrary curl_;
  const RemoteOptions options_;
  std::atomic<bool> cancelled_ = false;
  std::string excerpt_;
  std::array<char, CURL_ERROR_SIZE> error_{};
  List headers_{nullptr, {nullptr}};
  Handle handle_;  // Last: it points to what stands above.
};

}  // namespace

Result<std::unique_ptr<Sender>> make_remote_sender(RemoteOptions options) {
  if (!options.url.starts_with("http://") && !options.url.starts_with("https://"))
    return invalid_input("--push.url", "'" + options.url +
                                           "' is no http:// or https:// address of a remote_write "
                                           "receiver, such as "
                                           "http://example.com:9090/api/v1/write");
  const CurlLibrary curl = PLIMSOLL_TRY(CurlLibrary::load());
  return std::make_unique<RemoteSender>(curl, std::move(options));
}

}  // namespace plimsoll::exporter
