#include "runtime/image/digest.h"

#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace plimsoll::image {

namespace {

constexpr std::string_view kPrefix = "sha256:";
constexpr std::size_t kDigits = 64;
constexpr std::size_t kChunk = std::size_t{1} << 18U;

std::string to_hex(std::span<const unsigned char> bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const unsigned char byte : bytes) {
    text += kHex[byte >> 4U];
    text += kHex[byte & 15U];
  }
  return text;
}

}  // namespace

void Hasher::Free::operator()(evp_md_ctx_st* context) const {
  ::EVP_MD_CTX_free(context);
}

Hasher::Hasher() : context_(::EVP_MD_CTX_new()) {
  PLIMSOLL_CHECK(context_ != nullptr);
  PLIMSOLL_CHECK(::EVP_DigestInit_ex(context_.get(), ::EVP_sha256(), nullptr) == 1);
}

void Hasher::update(std::string_view bytes) {
  PLIMSOLL_CHECK(::EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
}

std::string Hasher::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  PLIMSOLL_CHECK(::EVP_DigestFinal_ex(context_.get(), bytes.data(), &size) == 1);
  return std::string(kPrefix) + to_hex(std::span(bytes.data(), size));
}

bool is_digest(std::string_view text) {
  if (!text.starts_with(kPrefix) || text.size() != kPrefix.size() + kDigits) return false;
  return text.find_first_not_of("0123456789abcdef", kPrefix.size()) == std::string_view::npos;
}

std::string digest_of(std::string_view bytes) {
  Hasher hasher;
  hasher.update(bytes);
  return hasher.finish();
}

Result<std::string> digest_of(const Fd& file) {
  Hasher hasher;
  std::vector<char> buffer(kChunk);
  off_t offset = 0;
  for (;;) {
    const ssize_t n = ::pread(file.get(), buffer.data(), buffer.size(), offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_failure("pread", "a blob");
    if (n == 0) return hasher.finish();
    hasher.update({buffer.data(), static_cast<std::size_t>(n)});
    offset += n;
  }
}

std::string short_key(std::string_view text) {
  constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
  constexpr std::size_t kLetters = 26;
  const std::string digest = digest_of(text);
  const std::string_view hex = hex_of(digest);
  std::string key;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (std::size_t i = 0; key.size() < kLetters; ++i) {
    const char digit = hex[i];
    bits = (bits << 4U) | static_cast<std::uint32_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
    held += 4;
    if (held < 5) continue;
    held -= 5;
    key += kAlphabet[(bits >> held) & 31U];
  }
  return key;
}

}  // namespace plimsoll::image
