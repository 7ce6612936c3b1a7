#include "runtime/image/registry/http.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/text.h"

namespace plimsoll::image::registry {

class Curl {
 public:
  decltype(&curl_easy_init) easy_init = nullptr;
  decltype(&curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&curl_easy_reset) easy_reset = nullptr;
  decltype(&curl_easy_setopt) easy_setopt = nullptr;
  decltype(&curl_easy_perform) easy_perform = nullptr;
  decltype(&curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&curl_easy_strerror) easy_strerror = nullptr;
  decltype(&curl_slist_append) slist_append = nullptr;
  decltype(&curl_slist_free_all) slist_free_all = nullptr;
};

namespace {

constexpr std::size_t kMostBody = std::size_t{8} << 20U;

template <class Function>
Result<> find(void* library, const char* name, Function& function) {
  void* const symbol = ::dlsym(library, name);
  if (symbol == nullptr)
    return failure(ErrorKind::kNotOffered, "dlsym", std::string("libcurl.so.4: ") + name);
  function = reinterpret_cast<Function>(symbol);
  return {};
}

// One transfer, as the callbacks see it.
struct Transfer {
  const Request& request;
  Response response;
  std::uint64_t sent = 0;
  bool stopped = false;
  bool too_long = false;
};

std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* user) {
  Transfer& transfer = *static_cast<Transfer*>(user);
  const std::string_view line = trim({bytes, size * count});
  if (line.starts_with("HTTP/")) {
    // Of the answer after a redirect.
    transfer.response = {};
    std::string_view rest = line.substr(std::min(line.find(' '), line.size()));
    std::string_view status;
    if (next_word(rest, status))
      for (const char digit : status)
        transfer.response.status = transfer.response.status * 10 + (digit - '0');
    return size * count;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size * count;
  std::string name(line.substr(0, colon));
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  transfer.response.headers.insert_or_assign(std::move(name),
                                             std::string(trim(line.substr(colon + 1))));
  return size * count;
}

std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* user) {
  Transfer& transfer = *static_cast<Transfer*>(user);
  const std::string_view part(bytes, size * count);
  const bool wanted = transfer.response.status == 200 || transfer.response.status == 206;
  if (wanted && transfer.request.sink) {
    if (transfer.request.sink(part)) return part.size();
    transfer.stopped = true;
    return 0;
  }
  if (transfer.response.body.size() + part.size() > kMostBody) {
    transfer.too_long = true;
    return 0;
  }
  transfer.response.body += part;
  return part.size();
}

std::size_t on_upload(char* bytes, std::size_t size, std::size_t count, void* user) {
  Transfer& transfer = *static_cast<Transfer*>(user);
  for (;;) {
    const ssize_t n = ::pread(transfer.request.upload->get(), bytes, size * count,
                              static_cast<off_t>(transfer.sent));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return CURL_READFUNC_ABORT;
    transfer.sent += static_cast<std::uint64_t>(n);
    if (transfer.request.sent && !transfer.request.sent(transfer.sent)) {
      transfer.stopped = true;
      return CURL_READFUNC_ABORT;
    }
    return static_cast<std::size_t>(n);
  }
}

// A server may ask for the same bytes again, on another connection or with credentials.
int on_seek(void* user, curl_off_t offset, int origin) {
  if (origin != SEEK_SET || offset < 0) return CURL_SEEKFUNC_CANTSEEK;
  static_cast<Transfer*>(user)->sent = static_cast<std::uint64_t>(offset);
  return CURL_SEEKFUNC_OK;
}

}  // namespace

Result<std::shared_ptr<const Curl>> load_curl() {
  // Never closed: its own libraries have threads' data and exit handlers.
  void* const library = ::dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    return failure(ErrorKind::kNotOffered, "dlopen",
                   "libcurl.so.4, which registries need (package libcurl4 on Debian)");
  auto curl = std::make_shared<Curl>();
  decltype(&curl_global_init) global_init = nullptr;
  PLIMSOLL_TRY(find(library, "curl_global_init", global_init));
  PLIMSOLL_TRY(find(library, "curl_easy_init", curl->easy_init));
  PLIMSOLL_TRY(find(library, "curl_easy_cleanup", curl->easy_cleanup));
  PLIMSOLL_TRY(find(library, "curl_easy_reset", curl->easy_reset));
  PLIMSOLL_TRY(find(library, "curl_easy_setopt", curl->easy_setopt));
  PLIMSOLL_TRY(find(library, "curl_easy_perform", curl->easy_perform));
  PLIMSOLL_TRY(find(library, "curl_easy_getinfo", curl->easy_getinfo));
  PLIMSOLL_TRY(find(library, "curl_easy_strerror", curl->easy_strerror));
  PLIMSOLL_TRY(find(library, "curl_slist_append", curl->slist_append));
  PLIMSOLL_TRY(find(library, "curl_slist_free_all", curl->slist_free_all));
  if (global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
    return failure(ErrorKind::kIo, "curl_global_init", "libcurl.so.4");
  return std::shared_ptr<const Curl>(std::move(curl));
}

Result<std::unique_ptr<Session>> Session::open(std::shared_ptr<const Curl> curl,
                                               Transport transport) {
  void* const handle = curl->easy_init();
  if (handle == nullptr) return failure(ErrorKind::kIo, "curl_easy_init", "libcurl.so.4");
  return std::unique_ptr<Session>(new Session(std::move(curl), std::move(transport), handle));
}

Session::~Session() {
  curl_->easy_cleanup(handle_);
}

Result<Response> Session::perform(const Request& request) {
  const Curl& curl = *curl_;
  // Options go, the connection stays.
  curl.easy_reset(handle_);
  Transfer transfer{request};
  std::array<char, CURL_ERROR_SIZE> why{};
  const auto set = [&](CURLoption option, auto value) {
    return curl.easy_setopt(handle_, option, value) == CURLE_OK;
  };
  curl_slist* list = nullptr;
  for (const std::string& header : request.headers) list = curl.slist_append(list, header.c_str());
  // libcurl would wait a second for a server's leave to send.
  list = curl.slist_append(list, "Expect:");
  const std::unique_ptr<curl_slist, decltype(curl.slist_free_all)> headers(list,
                                                                           curl.slist_free_all);
  const char* const protocols = !transport_.insecure_host.empty() ? "http,https" : "https";
  bool good = set(CURLOPT_URL, request.url.c_str()) && set(CURLOPT_NOSIGNAL, 1L) &&
              set(CURLOPT_PROTOCOLS_STR, protocols) &&
              set(CURLOPT_REDIR_PROTOCOLS_STR, protocols) && set(CURLOPT_FOLLOWLOCATION, 1L) &&
              set(CURLOPT_MAXREDIRS, 10L) && set(CURLOPT_CONNECTTIMEOUT, 30L) &&
              set(CURLOPT_LOW_SPEED_LIMIT, 1L) && set(CURLOPT_LOW_SPEED_TIME, 60L) &&
              set(CURLOPT_USERAGENT, "plimsoll/" PLIMSOLL_VERSION) &&
              set(CURLOPT_HTTPHEADER, headers.get()) && set(CURLOPT_ERRORBUFFER, why.data()) &&
              set(CURLOPT_HEADERFUNCTION, &on_header) && set(CURLOPT_HEADERDATA, &transfer) &&
              set(CURLOPT_WRITEFUNCTION, &on_body) && set(CURLOPT_WRITEDATA, &transfer);
  if (!transport_.authority_file.empty())
    good = good && set(CURLOPT_CAINFO, transport_.authority_file.c_str());
  if (!transport_.own_certificate.empty())
    good = good && set(CURLOPT_SSLCERT, transport_.own_certificate.c_str()) &&
           set(CURLOPT_SSLKEY, transport_.own_key.c_str());
  // A token's server that it names is not the registry: passwords go to who it says it is.
  if (!transport_.insecure_host.empty() &&
      request.url.starts_with("https://" + transport_.insecure_host + "/"))
    good = good && set(CURLOPT_SSL_VERIFYPEER, 0L) && set(CURLOPT_SSL_VERIFYHOST, 0L);
  if (request.method == "HEAD") {
    good = good && set(CURLOPT_NOBODY, 1L);
  } else if (request.upload != nullptr) {
    good = good && set(CURLOPT_UPLOAD, 1L) && set(CURLOPT_READFUNCTION, &on_upload) &&
           set(CURLOPT_READDATA, &transfer) && set(CURLOPT_SEEKFUNCTION, &on_seek) &&
           set(CURLOPT_SEEKDATA, &transfer) &&
           set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.upload_size)) &&
           set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  } else if (request.method != "GET") {
    good = good && set(CURLOPT_POSTFIELDS, request.body.c_str()) &&
           set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size())) &&
           set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
  if (!good) return failure(ErrorKind::kNotOffered, "curl_easy_setopt", "libcurl.so.4 is too old");
  const CURLcode code = curl.easy_perform(handle_);
  if (transfer.stopped) return failure(ErrorKind::kGone, "transfer", "context canceled");
  if (transfer.too_long)
    return invalid_input("transfer", "an answer of more than 8 MiB where a document was expected");
  if (code != CURLE_OK)
    return failure(ErrorKind::kIo, "transfer",
                   why[0] != '\0' ? why.data() : curl.easy_strerror(code));
  return std::move(transfer.response);
}

}  // namespace plimsoll::image::registry
