// `docker pull`, `push` and `login`.
#pragma once

#include <string>

#include "runtime/image/catalog.h"
#include "runtime/image/content.h"
#include "runtime/image/registry/client.h"
#include "runtime/image/store.h"

namespace plimsoll::image::registry {

[[nodiscard]] model::Answer<> pull(Content& content, Catalog& catalog, const std::string& reference,
                                   const Credentials& credentials, const Report& report,
                                   const Options& options);
[[nodiscard]] model::Answer<> push(Content& content, Catalog& catalog, const std::string& reference,
                                   const Credentials& credentials, const Report& report,
                                   const Options& options);
[[nodiscard]] model::Answer<std::string> login(const std::string& registry,
                                               const Credentials& credentials,
                                               const Options& options);

}  // namespace plimsoll::image::registry
