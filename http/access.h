// The gate of the exporter: TLS, Host check, rate limit and passwords, by the web config file and
// flags. The file, its certificates and keys are read again when they change; what is broken is
// said in the log and the last good state stays.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "http/server.h"

namespace plimsoll::http {

class Gate;

struct AccessOptions {
  std::string config_file;                 // "" = none: no TLS, no passwords.
  std::vector<std::string> allowed_hosts;  // Besides the names of the loopback; see HostRule.
};

struct AccessStats {
  bool has_config = false;
  bool config_good = true;  // The last reading of the file succeeded.
  WallTime config_read;     // The last that did.
  bool tls = false;
  bool passwords = false;
  std::map<std::string, std::uint64_t> refused;  // By reason: credentials, host, rate_limit, busy.
  std::uint64_t password_comparisons = 0;
};

class Access {
 public:
  // Reads the file: its first reading must succeed. `clock` must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<Access>> create(AccessOptions options,
                                                              const Clock& clock);
  virtual ~Access() = default;

  // For Server::guard(); shares its state with this object.
  [[nodiscard]] virtual std::shared_ptr<Gate> gate() const = 0;
  // Loop thread, from here on. Reads the file again, whether it changed or not. Unlike a change
  // that is just noticed, this may take TLS or all passwords away: it was asked for.
  virtual void reload() = 0;
  // What of the files cannot be read any more by who we are now: they could be read at the start,
  // and reloading will fail. Empty: all can.
  [[nodiscard]] virtual std::vector<std::string> unreadable() const = 0;
  [[nodiscard]] virtual AccessStats stats() const = 0;
};

}  // namespace plimsoll::http
