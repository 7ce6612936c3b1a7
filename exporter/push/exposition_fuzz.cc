#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "exporter/push/exposition.h"

// Whatever the text, reading ends, and what was read lies inside of it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plimsoll::exporter;
  const std::string_view whole(reinterpret_cast<const char*>(data), size);
  std::string_view rest = whole;
  for (;;) {
    const std::size_t before = rest.size();
    const auto series = next_series(rest);
    if (series && !*series) break;
    if (rest.size() >= before) std::abort();
    if (!series) continue;
    std::vector<PushLabel> labels;
    if (append_labels((*series)->labels, labels))
      for (const PushLabel& label : labels)
        if (label.name.empty() || label.value.empty()) std::abort();
  }
  return 0;
}
