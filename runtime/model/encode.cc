#include "runtime/model/fields.h"

namespace plimsoll::model {

namespace {

template <class T, class Fields>
std::string written(const T& value, Fields fields) {
  std::string out;
  Writer writer(out);
  fields(writer, value);
  writer.close();
  return out;
}

}  // namespace

std::string encode(const Config& config) {
  return written(config, fields::config);
}

std::string encode(const HostConfig& host) {
  return written(host, fields::host_config);
}

std::string encode(const EndpointConfig& endpoint) {
  return written(endpoint, fields::endpoint_config);
}

std::string encode(const Definition& definition) {
  return written(definition, [](Writer& writer, const Definition& whole) {
    fields::config(writer, whole.config);
    writer.group("HostConfig", whole.host, true, fields::host_config);
    writer.group("NetworkingConfig", whole, true, [](Writer& inner, const Definition& of) {
      inner.dictionary("EndpointsConfig", of.networks, fields::endpoint_config);
    });
  });
}

}  // namespace plimsoll::model
