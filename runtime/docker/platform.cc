#include "runtime/docker/platform.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/fill_in.h"

namespace plimsoll::docker {

namespace {

constexpr std::array<std::string_view, 4> kSystems = {"linux", "windows", "darwin", "freebsd"};
constexpr std::array<std::string_view, 10> kArchitectures = {
    "386", "amd64", "arm", "arm64", "loong64", "mips64le", "ppc64le", "riscv64", "s390x", "wasm"};
// Other names of them, and the variants these mean.
struct Alias {
  std::string_view name;
  std::string_view architecture;
  std::string_view variant;
};
constexpr std::array<Alias, 7> kAliases = {{{"x86_64", "amd64", ""},
                                            {"x86-64", "amd64", ""},
                                            {"aarch64", "arm64", ""},
                                            {"i386", "386", ""},
                                            {"armhf", "arm", "v7"},
                                            {"armel", "arm", "v6"},
                                            {"arm64/v8", "arm64", ""}}};

template <std::size_t N>
bool is_among(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

std::vector<std::string> parts_of(std::string_view text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t slash = std::min(text.find('/', at), text.size());
    parts.emplace_back(text.substr(at, slash - at));
    std::ranges::transform(parts.back(), parts.back().begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    });
    at = slash + 1;
  }
  return parts;
}

void normalise(Platform& platform) {
  for (const Alias& alias : kAliases) {
    const std::string whole = platform.architecture + "/" + platform.variant;
    if (alias.name != platform.architecture && alias.name != whole) continue;
    platform.architecture = alias.architecture;
    platform.variant = alias.variant;
  }
}

}  // namespace

model::Answer<Platform> parse_platform(std::string_view text, std::string_view host_architecture) {
  const auto invalid = [&](std::string_view why) {
    return model::refuse(model::Refused::kInvalid,
                         fill_in("\"{}\": {}: invalid argument", text, why));
  };
  std::vector<std::string> parts = parts_of(text);
  if (parts.size() > 3 || std::ranges::any_of(parts, &std::string::empty))
    return invalid("cannot parse platform specifier");
  Platform platform;
  if (parts.size() == 1 && is_among(kSystems, parts[0])) {
    platform.os = parts[0];
    platform.architecture = host_architecture;
    return platform;
  }
  if (parts.size() == 1) {
    platform.architecture = parts[0];
  } else {
    platform.os = parts[0];
    platform.architecture = parts[1];
    if (parts.size() == 3) platform.variant = parts[2];
  }
  normalise(platform);
  if (!is_among(kSystems, platform.os) || !is_among(kArchitectures, platform.architecture))
    return invalid("unknown operating system or architecture");
  return platform;
}

std::string to_text(const Platform& platform) {
  std::string text = platform.os + "/" + platform.architecture;
  if (!platform.variant.empty()) text += "/" + platform.variant;
  return text;
}

std::string_view own_architecture() {
#if defined(__x86_64__)
  return "amd64";
#elif defined(__aarch64__)
  return "arm64";
#else
#error "say what Go calls this architecture"
#endif
}

}  // namespace plimsoll::docker
