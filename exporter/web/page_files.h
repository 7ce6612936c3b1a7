// The style and the scripts of the pages (exporter/web/page), which are part of the program:
// nothing is installed beside it, nothing is asked of another host.
//
// Thread: the loop's.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/server.h"

namespace plimsoll::exporter {

struct PageFile {
  std::string_view name;  // "page.js"
  std::string_view content;
};

// Made of the files themselves by cmake/embed.cmake.
[[nodiscard]] std::span<const PageFile> page_files();

// Answers for them: compressed once, at the start; a browser that has the same asks and gets 304.
class PageServer {
 public:
  explicit PageServer(std::span<const PageFile> files);
  // `name` as in the path below /page/. 404 for what there is not.
  [[nodiscard]] http::Response answer(const http::Request& request, std::string_view name) const;

 private:
  struct Ready {
    std::string_view name, type;
    std::string tag;
    std::shared_ptr<const std::string> plain, gzip;
  };
  std::vector<Ready> files_;
};

}  // namespace plimsoll::exporter
