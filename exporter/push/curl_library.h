// The calls of libcurl that pushing needs, loaded when it is configured: linked, libcurl and the
// thirty libraries it brings would cost every exporter 6 MB (docs/decisions/0014).
#pragma once

#include <curl/curl.h>

#include <memory>

#include "base/error.h"

namespace plimsoll::exporter {

class CurlLibrary {
 public:
  // kNotOffered when libcurl.so.4 is not there; the subject says which package holds it.
  [[nodiscard]] static Result<CurlLibrary> load();

  decltype(&curl_easy_init) easy_init = nullptr;
  decltype(&curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&curl_easy_setopt) easy_setopt = nullptr;
  decltype(&curl_easy_perform) easy_perform = nullptr;
  decltype(&curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&curl_easy_strerror) easy_strerror = nullptr;
  decltype(&curl_slist_append) slist_append = nullptr;
  decltype(&curl_slist_free_all) slist_free_all = nullptr;

 private:
  CurlLibrary() = default;
};

}  // namespace plimsoll::exporter
