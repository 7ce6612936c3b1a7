#include "control/manager/systemd_port.h"

#include <systemd/sd-bus.h>

#include <cstring>
#include <string_view>
#include <utility>

namespace plimsoll::control {
namespace {

constexpr const char* kService = "org.freedesktop.systemd1";
constexpr const char* kPath = "/org/freedesktop/systemd1";
constexpr const char* kManager = "org.freedesktop.systemd1.Manager";

struct BusError {
  sd_bus_error error{};  // As SD_BUS_ERROR_NULL, which is C only.
  BusError() = default;
  BusError(const BusError&) = delete;
  BusError& operator=(const BusError&) = delete;
  ~BusError() { sd_bus_error_free(&error); }
};

struct Unref {
  void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};
using Message = std::unique_ptr<sd_bus_message, Unref>;

struct Named {
  std::string_view name;
  ErrorKind kind;
};
constexpr Named kNamed[] = {
    {"org.freedesktop.systemd1.NoSuchUnit", ErrorKind::kGone},
    {"org.freedesktop.systemd1.UnitInactive", ErrorKind::kGone},
    {"org.freedesktop.DBus.Error.AccessDenied", ErrorKind::kDenied},
    {"org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", ErrorKind::kDenied},
    {"org.freedesktop.DBus.Error.PropertyReadOnly", ErrorKind::kNotOffered},
    {"org.freedesktop.DBus.Error.UnknownProperty", ErrorKind::kNotOffered},
    {"org.freedesktop.DBus.Error.NotSupported", ErrorKind::kNotOffered},
    {"org.freedesktop.DBus.Error.InvalidArgs", ErrorKind::kRejected},
    {"org.freedesktop.DBus.Error.NoReply", ErrorKind::kBusy},
    {"org.freedesktop.DBus.Error.Timeout", ErrorKind::kBusy},
    {"org.freedesktop.DBus.Error.LimitsExceeded", ErrorKind::kBusy}};

// sd-bus returns errno negated; what systemd itself said is in `error`.
Failure bus_failure(const char* op, int result, const sd_bus_error* error = nullptr) {
  const int os_error = -result;
  ErrorKind kind = kind_of(os_error);
  if (os_error == EINVAL) kind = ErrorKind::kRejected;
  if (os_error == ETIMEDOUT) kind = ErrorKind::kBusy;
  // Nobody at the socket is not a file that the kernel lacks.
  if (os_error == ENOENT || os_error == ECONNREFUSED) kind = ErrorKind::kIo;
  std::string subject = "systemd";
  if (error != nullptr && error->name != nullptr) {
    for (const Named& row : kNamed)
      if (row.name == error->name) kind = row.kind;
    subject = error->message != nullptr ? error->message : error->name;
  }
  return Failure(Error{kind, os_error, op, std::move(subject), Where::here()});
}

// systemd escapes unit names in object paths its own way.
Result<std::string> object_path(const std::string& unit) {
  char* encoded = nullptr;
  const int result = sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit.c_str(), &encoded);
  if (result < 0) return bus_failure("path", result);
  std::string path(encoded);
  std::free(encoded);  // NOLINT(cppcoreguidelines-no-malloc): sd-bus allocates with malloc.
  return path;
}

// "web.service" has org.freedesktop.systemd1.Service.
Result<std::string> interface_of(const std::string& unit) {
  const std::size_t dot = unit.rfind('.');
  if (dot == std::string::npos || dot + 1 == unit.size())
    return invalid_input("systemd", unit + " is not a unit's name");
  std::string kind = unit.substr(dot + 1);
  kind.front() = static_cast<char>(kind.front() & ~0x20);
  return std::string(kService) + "." + kind;
}

int append_value(sd_bus_message* message, std::uint64_t value) {
  return sd_bus_message_append(message, "v", "t", value);
}

int append_value(sd_bus_message* message, const CpuMask& mask) {
  int result = sd_bus_message_open_container(message, 'v', "ay");
  if (result >= 0) result = sd_bus_message_append_array(message, 'y', mask.data(), mask.size());
  return result < 0 ? result : sd_bus_message_close_container(message);
}

int append_value(sd_bus_message* message, const PerPath& values) {
  int result = sd_bus_message_open_container(message, 'v', "a(st)");
  if (result >= 0) result = sd_bus_message_open_container(message, 'a', "(st)");
  for (const auto& [path, value] : values)
    if (result >= 0) result = sd_bus_message_append(message, "(st)", path.c_str(), value);
  if (result >= 0) result = sd_bus_message_close_container(message);
  return result < 0 ? result : sd_bus_message_close_container(message);
}

int append(sd_bus_message* message, const UnitProperty& property) {
  int result = sd_bus_message_open_container(message, 'r', "sv");
  if (result >= 0) result = sd_bus_message_append(message, "s", property.name.c_str());
  if (result >= 0)
    result =
        std::visit([&](const auto& value) { return append_value(message, value); }, property.value);
  return result < 0 ? result : sd_bus_message_close_container(message);
}

Result<Message> set_properties_call(sd_bus* bus, const std::string& unit,
                                    const UnitChange& change) {
  sd_bus_message* raw = nullptr;
  int result =
      sd_bus_message_new_method_call(bus, &raw, kService, kPath, kManager, "SetUnitProperties");
  Message message(raw);
  constexpr int kRuntime = 1;
  if (result >= 0) result = sd_bus_message_append(raw, "sb", unit.c_str(), kRuntime);
  if (result >= 0) result = sd_bus_message_open_container(raw, 'a', "(sv)");
  for (const UnitProperty& property : change.properties)
    if (result >= 0) result = append(raw, property);
  if (result >= 0) result = sd_bus_message_close_container(raw);
  if (result < 0) return bus_failure("message", result);
  return message;
}

}  // namespace

void SystemdPort::Close::operator()(sd_bus* bus) const {
  sd_bus_close_unref(bus);
}

SystemdPort::SystemdPort(Options options) : options_(std::move(options)) {}
SystemdPort::~SystemdPort() = default;

Result<SystemdPort::Bus> SystemdPort::connect() const {
  const auto start = [](const std::string& address, bool is_bus) -> Result<Bus> {
    sd_bus* raw = nullptr;
    int result = sd_bus_new(&raw);
    Bus bus(raw);
    if (result >= 0) result = sd_bus_set_address(raw, address.c_str());
    if (result >= 0 && is_bus) result = sd_bus_set_bus_client(raw, 1);
    if (result >= 0) result = sd_bus_start(raw);
    if (result < 0) return bus_failure("connect", result);
    return bus;
  };
  if (!options_.address.empty()) return start(options_.address, true);
  sd_bus* raw = nullptr;
  if (sd_bus_open_system(&raw) >= 0) return Bus(raw);
  // Early at boot, or in a host without the bus, root can talk to systemd all the same.
  return start(options_.own_socket, false);
}

Result<sd_bus*> SystemdPort::bus() {
  if (bus_ && sd_bus_is_open(bus_.get()) <= 0) bus_.reset();
  if (!bus_) {
    bus_ = PLIMSOLL_TRY(connect());
    const auto usec = std::chrono::duration_cast<std::chrono::microseconds>(options_.timeout);
    sd_bus_set_method_call_timeout(bus_.get(), static_cast<std::uint64_t>(usec.count()));
  }
  return bus_.get();
}

// A connection that failed once is not used again: what is left in it belongs to nobody.
template <class T>
Result<T> SystemdPort::kept(Result<T> result) {
  if (!result && (result.error().kind == ErrorKind::kIo || result.error().kind == ErrorKind::kBusy))
    bus_.reset();
  return result;
}

Result<std::uint64_t> SystemdPort::number(const std::string& unit, const char* property) {
  const std::lock_guard lock(mutex_);
  sd_bus* const connection = PLIMSOLL_TRY(bus());
  const std::string path = PLIMSOLL_TRY(object_path(unit));
  const std::string interface = PLIMSOLL_TRY(interface_of(unit));
  BusError error;
  std::uint64_t value = 0;
  const int result = sd_bus_get_property_trivial(
      connection, kService, path.c_str(), interface.c_str(), property, &error.error, 't', &value);
  if (result < 0) return kept<std::uint64_t>(bus_failure("property", result, &error.error));
  return value;
}

std::string SystemdPort::why_not(const Unit& unit, const limit::Write& write) const {
  if (unit.user)
    return "only that user may tell its own systemd: systemctl --user set-property " + unit.name;
  // Whether there is a way does not depend on what v1's other file says.
  const auto change = unit_change(write.file, write.new_text, BandwidthV1{"100000", "100000"});
  return change ? "" : change.error().subject;
}

Result<> SystemdPort::write(const Unit& unit, const std::string& file, std::string_view text) {
  if (unit.user)
    return failure(ErrorKind::kDenied, "systemd",
                   unit.name + " belongs to the systemd of user " + std::to_string(*unit.user));
  BandwidthV1 now;
  if (file.starts_with("cpu.cfs_"))
    now = bandwidth_v1(PLIMSOLL_TRY(number(unit.name, "CPUQuotaPerSecUSec")),
                       PLIMSOLL_TRY(number(unit.name, "CPUQuotaPeriodUSec")));
  return in(unit.name, change(unit.name, PLIMSOLL_TRY(unit_change(file, text, now))));
}

Result<> SystemdPort::change(const std::string& unit, const UnitChange& change) {
  const std::lock_guard lock(mutex_);
  sd_bus* const connection = PLIMSOLL_TRY(bus());
  if (change.freeze) return kept(freeze(connection, unit, *change.freeze));
  PLIMSOLL_TRY(kept(set_properties(connection, unit, change)));
  return kept(settle(connection));
}

Result<> SystemdPort::set_properties(sd_bus* bus, const std::string& unit,
                                     const UnitChange& change) {
  const Message message = PLIMSOLL_TRY(set_properties_call(bus, unit, change));
  BusError error;
  const int result = sd_bus_call(bus, message.get(), 0, &error.error, nullptr);
  if (result < 0) return bus_failure("SetUnitProperties", result, &error.error);
  return {};
}

Result<> SystemdPort::freeze(sd_bus* bus, const std::string& unit, limit::Switch state) {
  const char* const method = state == limit::Switch::kOn ? "FreezeUnit" : "ThawUnit";
  BusError error;
  const int result = sd_bus_call_method(bus, kService, kPath, kManager, method, &error.error,
                                        nullptr, "s", unit.c_str());
  if (result < 0) return bus_failure("FreezeUnit", result, &error.error);
  return {};
}

// systemd answers before it writes: the control files come with its next turn, and it takes the
// next question after that.
Result<> SystemdPort::settle(sd_bus* bus) {
  BusError error;
  const int result = sd_bus_call_method(bus, kService, kPath, "org.freedesktop.DBus.Peer", "Ping",
                                        &error.error, nullptr, nullptr);
  if (result < 0) return bus_failure("Ping", result, &error.error);
  return {};
}

}  // namespace plimsoll::control
