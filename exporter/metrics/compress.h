// gzip of whole bodies.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace plimsoll::exporter {

// Keeps the compressor's memory, which is taken at the first use. Thread: one at a time.
class Gzip {
 public:
  // 1 (fast) to 12 (small).
  explicit Gzip(int level);
  ~Gzip();
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  // Replaces `out` by the compressed text; it keeps its memory between calls.
  void compress(std::string_view text, std::string& out);

  static constexpr int kLevelMin = 1;
  static constexpr int kLevelMax = 12;

 private:
  struct Compressor;
  const int level_;
  std::unique_ptr<Compressor> compressor_;
};

}  // namespace plimsoll::exporter
