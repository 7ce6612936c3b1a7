#include "runtime/state/record.h"

#include <concepts>

#include "base/json.h"
#include "base/number.h"

namespace plimsoll::state {

namespace {

class Writer {
 public:
  void key(std::string_view name) {
    separate();
    json::append_string(text_, name);
    text_ += ": ";
    first_ = true;  // The value follows without a comma.
  }
  void text(std::string_view value) {
    separate();
    json::append_string(text_, value);
  }
  void number(std::integral auto value) {
    separate();
    text_ += std::to_string(value);
  }
  void open(char bracket) {
    separate();
    text_ += bracket;
    first_ = true;
  }
  void close(char bracket) {
    text_ += bracket;
    first_ = false;
  }
  void member(std::string_view name, std::string_view value) {
    key(name);
    text(value);
  }
  void member(std::string_view name, std::integral auto value) {
    key(name);
    number(value);
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  void separate() {
    if (!first_) text_ += ", ";
    first_ = false;
  }
  std::string text_;
  bool first_ = true;
};

Failure wrong(std::string_view name, std::string_view what) {
  return invalid_input("decode", "the record's " + std::string(name) + ": " + std::string(what));
}

Result<const json::Value*> member(const json::Value& object, std::string_view name,
                                  json::Type type) {
  const json::Value* value = object.find(name);
  if (value == nullptr) return wrong(name, "is missing");
  if (value->type != type) return wrong(name, "must be " + std::string(json::name_of(type)));
  return value;
}

Result<std::string> text_of(const json::Value& object, std::string_view name) {
  const json::Value* value = PLIMSOLL_TRY(member(object, name, json::Type::kString));
  return std::string(value->text);
}

template <std::integral T>
Result<T> number_of(const json::Value& object, std::string_view name) {
  const json::Value* value = PLIMSOLL_TRY(member(object, name, json::Type::kNumber));
  const auto number = to_number<T>(value->text);
  if (!number) return wrong(name, "is out of range");
  return *number;
}

Result<std::vector<std::string>> texts_of(const json::Value& object, std::string_view name) {
  const json::Value* list = PLIMSOLL_TRY(member(object, name, json::Type::kArray));
  std::vector<std::string> all;
  for (const json::Member& element : list->members) {
    if (element.value.type != json::Type::kString) return wrong(name, "must be strings");
    all.emplace_back(element.value.text);
  }
  return all;
}

using Pairs = std::vector<std::pair<std::string, std::string>>;
Result<Pairs> pairs_of(const json::Value& object, std::string_view name) {
  const json::Value* members = PLIMSOLL_TRY(member(object, name, json::Type::kObject));
  Pairs all;
  for (const json::Member& element : members->members) {
    if (element.value.type != json::Type::kString) return wrong(name, "must be strings");
    all.emplace_back(element.key, element.value.text);
  }
  return all;
}

Result<ProcessId> process_of(const json::Value& object, std::string_view name) {
  const json::Value* value = PLIMSOLL_TRY(member(object, name, json::Type::kObject));
  ProcessId process;
  process.pid = PLIMSOLL_TRY(number_of<pid_t>(*value, "pid"));
  process.start_ticks = PLIMSOLL_TRY(number_of<std::uint64_t>(*value, "startTicks"));
  // To kill(2), what is not above zero is everybody.
  if (process.pid < 0) return wrong("pid", "is out of range");
  return process;
}

Result<Cgroups> cgroups_of(const json::Value& object, std::string_view name) {
  const json::Value* value = PLIMSOLL_TRY(member(object, name, json::Type::kObject));
  Cgroups cgroups;
  cgroups.manager = PLIMSOLL_TRY(text_of(*value, "manager"));
  cgroups.unit = PLIMSOLL_TRY(text_of(*value, "unit"));
  cgroups.group = PLIMSOLL_TRY(text_of(*value, "group"));
  const Pairs places = PLIMSOLL_TRY(pairs_of(*value, "places"));
  for (const auto& [hierarchy, path] : places) cgroups.places.push_back({hierarchy, path});
  return cgroups;
}

}  // namespace

std::string encode(const Record& record) {
  Writer out;
  out.open('{');
  out.member("id", record.id);
  out.member("bundle", record.bundle);
  out.member("rootfs", record.rootfs);
  out.member("ociVersion", record.oci_version);
  out.member("created", record.created);
  out.member("owner", record.owner);
  out.key("init");
  out.open('{');
  out.member("pid", record.init.pid);
  out.member("startTicks", record.init.start_ticks);
  out.close('}');
  out.key("cgroups");
  out.open('{');
  out.member("manager", record.cgroups.manager);
  out.member("unit", record.cgroups.unit);
  out.member("group", record.cgroups.group);
  out.key("places");
  out.open('{');
  for (const CgroupPlace& place : record.cgroups.places) out.member(place.hierarchy, place.path);
  out.close('}');
  out.close('}');
  out.key("namespaces");
  out.open('{');
  for (const auto& [type, path] : record.namespaces) out.member(type, path);
  out.close('}');
  out.key("externalDescriptors");
  out.open('[');
  for (const std::string& descriptor : record.external_descriptors) out.text(descriptor);
  out.close(']');
  out.key("annotations");
  out.open('{');
  for (const auto& [name, value] : record.annotations) out.member(name, value);
  out.close('}');
  out.close('}');
  return out.take();
}

Result<Record> decode_record(std::string_view text) {
  const json::Document document = PLIMSOLL_TRY(json::parse(text));
  const json::Value& root = document.root;
  Record record;
  record.id = PLIMSOLL_TRY(text_of(root, "id"));
  record.bundle = PLIMSOLL_TRY(text_of(root, "bundle"));
  record.rootfs = PLIMSOLL_TRY(text_of(root, "rootfs"));
  record.oci_version = PLIMSOLL_TRY(text_of(root, "ociVersion"));
  record.created = PLIMSOLL_TRY(number_of<std::int64_t>(root, "created"));
  record.owner = PLIMSOLL_TRY(number_of<uid_t>(root, "owner"));
  record.init = PLIMSOLL_TRY(process_of(root, "init"));
  record.cgroups = PLIMSOLL_TRY(cgroups_of(root, "cgroups"));
  record.namespaces = PLIMSOLL_TRY(pairs_of(root, "namespaces"));
  record.external_descriptors = PLIMSOLL_TRY(texts_of(root, "externalDescriptors"));
  const Pairs annotations = PLIMSOLL_TRY(pairs_of(root, "annotations"));
  record.annotations.insert(annotations.begin(), annotations.end());
  return record;
}

}  // namespace plimsoll::state
