// For tests of apply(): a kernel made of a KernelModel, in which any call can be made to fail.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "cgroupfs/limit/model.h"
#include "cgroupfs/limit/port.h"

namespace plimsoll::limit {

enum class Call : std::uint8_t { kRead, kWrite };

// The errno that call number `index` (from 0, reads and writes together) fails with; 0: it does
// not.
using Faults = std::function<int(std::size_t index, Call call)>;

class FakeKernel : public KernelPort {
 public:
  explicit FakeKernel(KernelView view, Faults faults = nullptr)
      : model_(std::move(view)), faults_(std::move(faults)) {}

  [[nodiscard]] Result<std::string> read(const Place& place, const std::string& file) override {
    if (const int os_error = fault(Call::kRead); os_error != 0)
      return os_failure("read", file, os_error);
    const auto group = model_.view().index_of(place.cgroup);
    if (!group) return failure(ErrorKind::kGone, "read", file);
    const std::string* text = model_.text(*group, file);
    if (text == nullptr) return os_failure("open", file, ENOENT);
    return *text;
  }
  [[nodiscard]] Result<> write(const Place& place, const std::string& file,
                               std::string_view text) override {
    if (const int os_error = fault(Call::kWrite); os_error != 0)
      return os_failure("write", file, os_error);
    const auto group = model_.view().index_of(place.cgroup);
    if (!group) return failure(ErrorKind::kGone, "write", file);
    if (const int os_error = model_.write(*group, file, text); os_error != 0)
      return os_failure("write", file, os_error);
    ++writes_;
    return {};
  }

  [[nodiscard]] const KernelModel& model() const { return model_; }
  [[nodiscard]] std::size_t calls() const { return calls_; }
  [[nodiscard]] std::size_t writes() const { return writes_; }  // That took effect.
  void set_faults(Faults faults) { faults_ = std::move(faults); }

 private:
  int fault(Call call) {
    const std::size_t index = calls_++;
    return faults_ ? faults_(index, call) : 0;
  }

  KernelModel model_;
  Faults faults_;
  std::size_t calls_ = 0;
  std::size_t writes_ = 0;
};

}  // namespace plimsoll::limit
