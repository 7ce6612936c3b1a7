#include "exporter/web/page_files.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <memory>

#include "exporter/metrics/compress.h"
#include "exporter/metrics/negotiate.h"

namespace plimsoll::exporter {

namespace {

std::string_view type_of(std::string_view name) {
  return name.ends_with(".css") ? "text/css; charset=utf-8" : "text/javascript; charset=utf-8";
}

// FNV-1a: tells one build's file from another's, no more.
std::string tag_of(std::string_view content) {
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const char c : content) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "\"%016llx\"", static_cast<unsigned long long>(hash));
  return text.data();
}

}  // namespace

PageServer::PageServer(std::span<const PageFile> files) {
  Gzip gzip(Gzip::kLevelMax);
  for (const PageFile& file : files) {
    auto compressed = std::make_shared<std::string>();
    gzip.compress(file.content, *compressed);
    files_.push_back({file.name, type_of(file.name), tag_of(file.content),
                      std::make_shared<const std::string>(file.content), std::move(compressed)});
  }
}

http::Response PageServer::answer(const http::Request& request, std::string_view name) const {
  const auto found = std::ranges::find(files_, name, &Ready::name);
  if (found == files_.end()) return http::Response::text(404, "there is no such file\n");
  http::Response response;
  response.content_type = found->type;
  response.headers = {{"ETag", found->tag},
                      {"Cache-Control", "no-cache"},  // Ask each time: the tag answers.
                      {"Vary", "Accept-Encoding"},
                      {"X-Content-Type-Options", "nosniff"}};
  if (request.header("if-none-match") == found->tag) {
    response.status = 304;
    return response;
  }
  response.body = found->plain;
  const std::string_view codings = request.header("accept-encoding");
  if (!codings.empty() && choose_coding(codings) == Coding::kGzip) {
    response.body = found->gzip;
    response.headers.emplace_back("Content-Encoding", "gzip");
  }
  return response;
}

}  // namespace plimsoll::exporter
