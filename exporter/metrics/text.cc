#include "exporter/metrics/text.h"

#include "exporter/metrics/family.h"

namespace plimsoll::exporter {

void write_text(std::string& out, const Snapshot& snapshot, const SelfStats& self,
                const DirFd& proc, const TextOptions& options) {
  const ProcessStats process = options.exporter_metrics ? read_process_stats(proc) : ProcessStats();
  const Context context{snapshot, self, process, options};
  for (const FamilyTable& table : family_tables()) {
    if (table.exporter && !options.exporter_metrics) continue;
    for (const Family& family : table.families) {
      if (family.write == nullptr || !options.groups.has(family.info.group)) continue;
      FamilyWriter writer(out, family.info);
      family.write(writer, context);
    }
  }
}

}  // namespace plimsoll::exporter
