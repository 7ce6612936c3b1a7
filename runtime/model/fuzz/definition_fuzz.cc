// What is accepted is written and read back as it was; what is refused says why.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.h"
#include "runtime/model/host_config.h"

namespace {

// Refusals say something.
template <class T>
void speaks(const plimsoll::model::Answer<T>& answer) {
  PLIMSOLL_CHECK(answer || !answer.error().message.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace model = plimsoll::model;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto definition = model::decode_definition(text);
  if (definition) {
    const auto again = model::decode_definition(model::encode(*definition));
    PLIMSOLL_CHECK(again && *again == *definition);
    const auto host = model::decode_host_config(model::encode(definition->host));
    PLIMSOLL_CHECK(host && *host == definition->host);
    const auto checked = model::check(*definition);
    PLIMSOLL_CHECK(checked || checked.error().why == model::Refused::kInvalid);
    speaks(model::check_on_host(definition->host.resources,
                                {.cpus = 2, .cpu_list = "0-1", .node_list = "0"}));
  }
  speaks(definition);
  if (const auto config = model::decode_config(text)) {
    const auto again = model::decode_config(model::encode(*config));
    PLIMSOLL_CHECK(again && *again == *config);
  }
  if (const auto request = model::decode_update(text)) speaks(model::check(*request));
  speaks(model::decode_endpoint_config(text));
  return 0;
}
