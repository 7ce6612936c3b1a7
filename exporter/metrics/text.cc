#include "exporter/metrics/text.h"

#include "exporter/metrics/page_writer.h"

namespace plimsoll::exporter {

void write_text(std::string& out, const Snapshot& snapshot, const SelfStats& self,
                const DirFd& proc, const TextOptions& options) {
  PageWriter().write(out, Format::kText, {snapshot, self, proc}, options);
}

}  // namespace plimsoll::exporter
