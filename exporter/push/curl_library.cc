#include "exporter/push/curl_library.h"

#include <dlfcn.h>

#include <string>

namespace plimsoll::exporter {

namespace {

template <class Function>
Result<> find(void* library, const char* name, Function& function) {
  void* const symbol = ::dlsym(library, name);
  if (symbol == nullptr)
    return failure(ErrorKind::kNotOffered, "dlsym", std::string("libcurl.so.4: ") + name);
  function = reinterpret_cast<Function>(symbol);
  return {};
}

}  // namespace

Result<CurlLibrary> CurlLibrary::load() {
  // Never closed: its own libraries have threads' data and exit handlers.
  void* const library = ::dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    return failure(ErrorKind::kNotOffered, "dlopen",
                   "libcurl.so.4, which pushing needs (package libcurl4 on Debian)");
  CurlLibrary curl;
  decltype(&curl_global_init) global_init = nullptr;
  PLIMSOLL_TRY(find(library, "curl_global_init", global_init));
  PLIMSOLL_TRY(find(library, "curl_easy_init", curl.easy_init));
  PLIMSOLL_TRY(find(library, "curl_easy_cleanup", curl.easy_cleanup));
  PLIMSOLL_TRY(find(library, "curl_easy_setopt", curl.easy_setopt));
  PLIMSOLL_TRY(find(library, "curl_easy_perform", curl.easy_perform));
  PLIMSOLL_TRY(find(library, "curl_easy_getinfo", curl.easy_getinfo));
  PLIMSOLL_TRY(find(library, "curl_easy_strerror", curl.easy_strerror));
  PLIMSOLL_TRY(find(library, "curl_slist_append", curl.slist_append));
  PLIMSOLL_TRY(find(library, "curl_slist_free_all", curl.slist_free_all));
  if (global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
    return failure(ErrorKind::kIo, "curl_global_init", "libcurl.so.4");
  return curl;
}

}  // namespace plimsoll::exporter
