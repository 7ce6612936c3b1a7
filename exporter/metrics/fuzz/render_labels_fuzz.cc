// Input: strings separated by 0x00. The first byte chooses runtime and options, then come path,
// name, image, and pairs of label keys and values.
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "exporter/metrics/test_exposition.h"
#include "exporter/metrics/text.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find('\0');
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using plimsoll::inventory::Runtime;
  if (size == 0) return 0;
  plimsoll::inventory::Identity identity;
  identity.runtime = (data[0] & 1U) != 0 ? Runtime::kDocker : Runtime::kContainerd;
  const plimsoll::exporter::LabelOptions options{.all_container_labels = (data[0] & 2U) != 0};
  const bool as_environment = (data[0] & 4U) != 0;
  const std::vector<std::string_view> parts =
      split({reinterpret_cast<const char*>(data + 1), size - 1});
  identity.cgroup = parts[0];
  if (parts.size() > 1) identity.name = parts[1];
  if (parts.size() > 2) identity.image = parts[2];
  for (std::size_t i = 3; i + 1 < parts.size(); i += 2)
    (as_environment ? identity.environment : identity.labels).emplace_back(parts[i], parts[i + 1]);

  std::uint64_t collisions = 0;
  const std::string block = plimsoll::exporter::render_labels(identity, options, collisions);
  const auto labels = plimsoll::exporter::parse_labels(block);
  require(labels.has_value());
  require(plimsoll::is_valid_utf8(block));
  require(block.find('\n') == std::string::npos);
  std::size_t expected = 1 + identity.environment.size();
  if (options.all_container_labels) expected += identity.labels.size();
  if (!identity.name.empty()) ++expected;
  if (!identity.image.empty()) ++expected;
  require(labels->size() == expected);
  return 0;
}
