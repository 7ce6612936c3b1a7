#include "exporter/metrics/compress.h"

#include <libdeflate.h>

#include "base/error.h"

namespace plimsoll::exporter {

struct Gzip::Compressor {
  explicit Compressor(int level) : state(libdeflate_alloc_compressor(level)) {
    PLIMSOLL_CHECK(state != nullptr);  // A megabyte that is not there, as any `new` would find.
  }
  ~Compressor() { libdeflate_free_compressor(state); }
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;
  libdeflate_compressor* state;
};

Gzip::Gzip(int level) : level_(level) {
  PLIMSOLL_CHECK(level >= kLevelMin && level <= kLevelMax);
}
Gzip::~Gzip() = default;

void Gzip::compress(std::string_view text, std::string& out) {
  if (!compressor_) compressor_ = std::make_unique<Compressor>(level_);
  const std::size_t bound = libdeflate_gzip_compress_bound(compressor_->state, text.size());
  out.resize_and_overwrite(bound, [&](char* to, std::size_t room) {
    const std::size_t size =
        libdeflate_gzip_compress(compressor_->state, text.data(), text.size(), to, room);
    PLIMSOLL_CHECK(size > 0);  // The bound is enough for every text.
    return size;
  });
}

}  // namespace plimsoll::exporter
