#include "bench/trusted.h"

#include <cstdio>

#include "control/store/moment.h"

namespace plimsoll::bench {
namespace {

const std::string kBoot = "bench";

}  // namespace

Result<std::unique_ptr<Trusted>> Trusted::make(const std::string& parent) {
  std::unique_ptr<Trusted> made(new Trusted(PLIMSOLL_TRY(StateDirectory::make(parent))));
  made->store_ = PLIMSOLL_TRY(control::DirStore::open(made->state_.path()));
  made->journal_ = PLIMSOLL_TRY(control::Journal::open(*made->store_, control::now(kBoot)));
  made->audit_ = PLIMSOLL_TRY(control::AuditLog::open(*made->store_, control::now(kBoot).wall));
  made->enforcer_ = std::make_unique<control::Enforcer>(*made->journal_, *made->audit_);
  return made;
}

bool Trusted::run(const limit::Plan& plan, limit::KernelPort& port) {
  const auto outcome = enforcer_->run(
      plan, {.cause = {.comm = "plimsoll", .rule = "bench"}, .now = control::now(kBoot)}, port);
  if (!outcome.done()) std::fprintf(stderr, "%s\n", outcome.error->message().c_str());
  return outcome.done();
}

}  // namespace plimsoll::bench
