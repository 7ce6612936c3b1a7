#include "exporter/push/batch_file.h"

#include <zlib.h>

namespace plimsoll::exporter {

namespace {

constexpr std::string_view kMagic = "PLMQ0001";
constexpr std::size_t kSamplesAt = 8;
constexpr std::size_t kSizeAt = 16;
constexpr std::size_t kSumAt = 24;

void append_number(std::string& out, std::uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) out += static_cast<char>(value >> 8 * i & 0xFFU);
}

std::uint64_t number_at(std::string_view text, std::size_t at, unsigned bytes) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < bytes; ++i)
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(text[at + i])) << 8 * i;
  return value;
}

std::uint64_t add_to_sum(std::uint64_t sum, std::string_view bytes) {
  return ::crc32_z(sum, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
}

}  // namespace

std::string batch_header(const Batch& batch) {
  std::string header(kMagic);
  append_number(header, batch.samples, 8);
  append_number(header, batch.body.size(), 8);
  const std::uint64_t sum =
      add_to_sum(add_to_sum(0, std::string_view(header).substr(kSamplesAt)), batch.body);
  append_number(header, sum, 4);
  return header;
}

std::optional<std::uint64_t> samples_in_header(std::string_view header) {
  if (header.size() < kBatchHeader || !header.starts_with(kMagic)) return std::nullopt;
  return number_at(header, kSamplesAt, 8);
}

std::optional<Batch> read_batch(std::string_view file) {
  const std::optional<std::uint64_t> samples = samples_in_header(file);
  if (!samples) return std::nullopt;
  const std::string_view body = file.substr(kBatchHeader);
  if (number_at(file, kSizeAt, 8) != body.size()) return std::nullopt;
  const std::uint64_t sum =
      add_to_sum(add_to_sum(0, file.substr(kSamplesAt, kSumAt - kSamplesAt)), body);
  if (number_at(file, kSumAt, 4) != sum) return std::nullopt;
  return Batch{std::string(body), *samples};
}

}  // namespace plimsoll::exporter
