#include "agent/engine/limits_at_start.h"

#include <utility>

#include "inventory/labels.h"
#include "inventory/path_facts.h"

namespace plimsoll::agent {
namespace {

class Limits final : public engine::StartWatcher {
 public:
  explicit Limits(std::unique_ptr<control::Policies::Start> start) : start_(std::move(start)) {}
  void before_first_instruction(const engine::Container& container) override {
    start_->set_limits(identity_of(container));
  }

 private:
  std::unique_ptr<control::Policies::Start> start_;
};

}  // namespace

inventory::Identity identity_of(const engine::Container& container) {
  inventory::Identity identity;
  identity.runtime = inventory::Runtime::kPlimsoll;
  identity.cgroup = container.cgroup;
  identity.id = container.id;
  identity.name = container.name;
  identity.image = container.definition.config.image;
  identity.image_id = container.image_id;
  for (const auto& [key, value] : container.definition.config.labels)
    identity.labels.emplace_back(key, value);
  inventory::read_labels(identity);
  inventory::set_display(identity);
  return identity;
}

std::function<std::unique_ptr<engine::StartWatcher>(const std::string& id)> limits_at_start(
    control::Policies& policies) {
  return [&policies](const std::string& id) -> std::unique_ptr<engine::StartWatcher> {
    auto start = policies.starts(id);
    if (!start) return nullptr;
    return std::make_unique<Limits>(std::move(start));
  };
}

}  // namespace plimsoll::agent
