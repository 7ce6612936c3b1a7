// Lines of a Dockerfile that change an image's configuration: what `commit --change` and
// `import --change` take.
#pragma once

#include <string>
#include <vector>

#include "runtime/model/config.h"
#include "runtime/model/refusal.h"

namespace plimsoll::engine {

// CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR.
// kInvalid names the line. Pure.
[[nodiscard]] model::Answer<> apply_changes(const std::vector<std::string>& lines,
                                            model::Config& config);

// `own` where it says something, `base` elsewhere.
[[nodiscard]] model::Config merge_over(model::Config own, model::Config base);

}  // namespace plimsoll::engine
