#include "runtime/cgroup/asked_direct.h"

#include <string>
#include <string_view>
#include <utility>

namespace plimsoll::runtime {
namespace {

using cgroupfs::Controller;

class Direct {
 public:
  explicit Direct(const cgroupfs::Layout& layout) : layout_(layout) {}

  enum class On : std::uint8_t { kV1, kBoth };
  Result<> add(Controller controller, On on, const char* what, std::string file, std::string text) {
    const auto hierarchy = layout_.of(controller);
    if (!hierarchy)
      return failure(ErrorKind::kNotOffered, "resources",
                     std::string(what) + ": this host has no cgroup controller \"" +
                         std::string(cgroupfs::name_of(controller)) + "\"");
    if (on == On::kV1 && layout_.hierarchies[*hierarchy].version != 1)
      return failure(ErrorKind::kNotOffered, "resources",
                     std::string(what) + ": cgroup v2 has no such control");
    writes_.push_back({*hierarchy, std::move(file), std::move(text)});
    return {};
  }

  Result<> realtime(const spec::CpuResources& cpu) {
    // The period first: a runtime must fit into it.
    if (cpu.realtime_period.value_or(0) != 0)
      PLIMSOLL_TRY(add(Controller::kCpu, On::kV1, "cpu.realtimePeriod", "cpu.rt_period_us",
                       std::to_string(*cpu.realtime_period)));
    if (cpu.realtime_runtime.value_or(0) != 0)
      PLIMSOLL_TRY(add(Controller::kCpu, On::kV1, "cpu.realtimeRuntime", "cpu.rt_runtime_us",
                       std::to_string(*cpu.realtime_runtime)));
    return {};
  }

  // memory.kernel is no more since Linux 5.11, and so is nobody's limit.
  Result<> memory(const spec::MemoryResources& memory) {
    if (memory.kernel_tcp.value_or(0) == 0) return {};
    return add(Controller::kMemory, On::kV1, "memory.kernelTCP", "memory.kmem.tcp.limit_in_bytes",
               std::to_string(*memory.kernel_tcp));
  }

  // CFQ's: whoever asks for them learns that this kernel has no such file.
  Result<> leaf_weights(const spec::BlockIoResources& io) {
    if (io.leaf_weight.value_or(0) != 0)
      PLIMSOLL_TRY(add(Controller::kIo, On::kV1, "blockIO.leafWeight", "blkio.leaf_weight",
                       std::to_string(*io.leaf_weight)));
    for (const spec::BlockWeight& one : io.weight_device) {
      if (one.leaf_weight.value_or(0) == 0) continue;
      PLIMSOLL_TRY(add(Controller::kIo, On::kV1, "blockIO.weightDevice", "blkio.leaf_weight_device",
                       std::to_string(one.major) + ":" + std::to_string(one.minor) + " " +
                           std::to_string(*one.leaf_weight)));
    }
    return {};
  }

  Result<> network(const spec::NetworkResources& network) {
    if (network.class_id.value_or(0) != 0)
      PLIMSOLL_TRY(add(Controller::kNetCls, On::kV1, "network.classID", "net_cls.classid",
                       std::to_string(*network.class_id)));
    for (const auto& [interface, priority] : network.priorities)
      PLIMSOLL_TRY(add(Controller::kNetPrio, On::kV1, "network.priorities", "net_prio.ifpriomap",
                       interface + " " + std::to_string(priority)));
    return {};
  }

  Result<> rdma(const std::string& device, const spec::RdmaLimit& limit) {
    std::string text = device;
    if (limit.hca_handles) text += " hca_handle=" + std::to_string(*limit.hca_handles);
    if (limit.hca_objects) text += " hca_object=" + std::to_string(*limit.hca_objects);
    return add(Controller::kRdma, On::kBoth, "rdma", "rdma.max", std::move(text));
  }

  // By hybrid hosts' mirror nothing of it would hold: its controllers are v1's.
  Result<> unified(const std::string& file, const std::string& text) {
    if (layout_.mode != cgroupfs::Mode::kV2)
      return failure(ErrorKind::kNotOffered, "resources",
                     "unified." + file + ": this host has no cgroup v2 with controllers");
    if (file.empty() || file.find('/') != std::string::npos || file.starts_with('.') ||
        file.find('.') == std::string::npos)
      return invalid_input("resources",
                           "unified: \"" + file + "\" is not the name of a cgroup's file");
    writes_.push_back({*layout_.unified(), file, text});
    return {};
  }

  std::vector<DirectWrite> take() { return std::move(writes_); }

 private:
  const cgroupfs::Layout& layout_;
  std::vector<DirectWrite> writes_;
};

}  // namespace

Result<std::vector<DirectWrite>> direct_writes(const spec::Resources& resources,
                                               const cgroupfs::Layout& layout) {
  Direct direct(layout);
  if (resources.cpu) PLIMSOLL_TRY(direct.realtime(*resources.cpu));
  if (resources.memory) PLIMSOLL_TRY(direct.memory(*resources.memory));
  if (resources.block_io) PLIMSOLL_TRY(direct.leaf_weights(*resources.block_io));
  if (resources.network) PLIMSOLL_TRY(direct.network(*resources.network));
  for (const auto& [device, limit] : resources.rdma) PLIMSOLL_TRY(direct.rdma(device, limit));
  // Last: what names a file has the last word.
  for (const auto& [file, text] : resources.unified) PLIMSOLL_TRY(direct.unified(file, text));
  return direct.take();
}

}  // namespace plimsoll::runtime
