// What is accepted keeps the promises of config.h; what is refused says where.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "runtime/spec/decode.h"

namespace {

using plimsoll::spec::Config;

void check(const Config& config) {
  PLIMSOLL_CHECK(!config.root.path.empty());
  for (const auto& mount : config.mounts) PLIMSOLL_CHECK(mount.destination.starts_with('/'));
  for (const auto& [path, value] : config.linux_.sysctl) {
    PLIMSOLL_CHECK(!path.starts_with('/') && ("/" + path + "/").find("/../") == path.npos);
    PLIMSOLL_CHECK(path.starts_with("net/") || path.starts_with("kernel/") ||
                   path.starts_with("fs/mqueue/") || path.starts_with("user/"));
    PLIMSOLL_CHECK(value.find('\n') == value.npos);
  }
  if (config.process) {
    PLIMSOLL_CHECK(!config.process->args.empty() && config.process->cwd.starts_with('/'));
    for (const auto& argument : config.process->args)
      PLIMSOLL_CHECK(argument.find('\0') == argument.npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto decoded = plimsoll::spec::decode(text);
  if (decoded) {
    check(decoded->config);
  } else {
    PLIMSOLL_CHECK(decoded.error().kind == plimsoll::ErrorKind::kInvalidInput);
    PLIMSOLL_CHECK(!decoded.error().subject.empty());
  }
  (void)plimsoll::spec::decode_process(text);
  (void)plimsoll::spec::decode_resources(text);
  return 0;
}
