#include "runtime/image/testing.h"

#include <fcntl.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "base/json.h"
#include "runtime/image/digest.h"

namespace plimsoll::image {

namespace {

constexpr std::size_t kBlock = 512;

void put(std::string& header, std::size_t at, std::size_t size, const std::string& text) {
  header.replace(at, std::min(size, text.size()), text.substr(0, size));
}

void put_octal(std::string& header, std::size_t at, std::size_t size, std::uint64_t number) {
  std::string text(size - 1, '0');
  for (std::size_t i = text.size(); i > 0 && number != 0; number /= 8)
    text[--i] = static_cast<char>('0' + number % 8);
  put(header, at, size, text);
}

void append_padded(std::string& tar, const std::string& data) {
  tar += data;
  tar.append((kBlock - data.size() % kBlock) % kBlock, '\0');
}

void append_entry(std::string& tar, const TarEntry& entry) {
  std::string header(kBlock, '\0');
  put(header, 0, 100, entry.name);
  put_octal(header, 100, 8, entry.mode);
  put_octal(header, 108, 8, entry.uid);
  put_octal(header, 116, 8, entry.gid);
  put_octal(header, 124, 12, entry.claimed_size != 0 ? entry.claimed_size : entry.data.size());
  put_octal(header, 136, 12, 1'600'000'000);
  put(header, 148, 8, "        ");
  header[156] = entry.type;
  put(header, 157, 100, entry.link);
  put(header, 257, 8,
      std::string("ustar\0"
                  "00",
                  8));
  put_octal(header, 329, 8, entry.major);
  put_octal(header, 337, 8, entry.minor);
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put_octal(header, 148, 7, sum);
  header[155] = ' ';
  tar += header;
  append_padded(tar, entry.data);
}

std::string pax_records(const std::map<std::string, std::string>& pax) {
  std::string records;
  for (const auto& [key, value] : pax) {
    const std::string rest = " " + key + "=" + value + "\n";
    std::size_t size = rest.size() + 1;
    while (size != rest.size() + std::to_string(size).size())
      size = rest.size() + std::to_string(size).size();
    records += std::to_string(size) + rest;
  }
  return records;
}

std::string quoted(const std::string& text) {
  std::string out;
  json::append_string(out, text);
  return out;
}

template <class Range, class Text>
std::string list_of(const Range& range, Text text) {
  std::string list;
  for (const auto& each : range) list += (list.empty() ? "" : ",") + quoted(text(each));
  return "[" + list + "]";
}

}  // namespace

std::string tar_of(const std::vector<TarEntry>& entries) {
  std::string tar;
  for (const TarEntry& entry : entries) {
    if (!entry.pax.empty())
      append_entry(tar, {.name = "pax", .data = pax_records(entry.pax), .type = 'x'});
    append_entry(tar, entry);
  }
  return tar + std::string(2 * kBlock, '\0');
}

std::string docker_archive(const std::vector<std::string>& layers,
                           const std::vector<std::string>& tags) {
  const auto digest = [](const std::string& bytes) { return digest_of(bytes); };
  const auto path = [](const std::string& bytes) {
    return std::string(hex_of(digest_of(bytes))) + "/layer.tar";
  };
  const std::string config = R"({"architecture":"amd64","os":"linux","config":{"Cmd":["sh"]},)"
                             R"("created":"2026-01-02T03:04:05Z","rootfs":{"type":"layers",)"
                             R"("diff_ids":)" +
                             list_of(layers, digest) + "}}";
  const std::string name = std::string(hex_of(digest_of(config))) + ".json";
  std::vector<TarEntry> entries = {{.name = name, .data = config}};
  for (const std::string& layer : layers) entries.push_back({.name = path(layer), .data = layer});
  entries.push_back({.name = "manifest.json",
                     .data = R"([{"Config":")" + name + R"(","RepoTags":)" +
                             list_of(tags, [](const std::string& tag) { return tag; }) +
                             R"(,"Layers":)" + list_of(layers, path) + "}]"});
  return tar_of(entries);
}

std::string gzip_of(const std::string& bytes) {
  const TempTree tree{{"plain", bytes}};
  const std::string command = "gzip -9 " + tree.path() + "/plain";
  PLIMSOLL_CHECK(std::system(command.c_str()) == 0);
  return text_of(tree.path() + "/plain.gz");
}

Fd file_of(const TempTree& tree, const std::string& bytes) {
  const std::string name = "archive-" + std::string(hex_of(digest_of(bytes))).substr(0, 16);
  tree.write(name, bytes);
  return Fd(::open((tree.path() + "/" + name).c_str(), O_RDONLY | O_CLOEXEC));
}

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace plimsoll::image
