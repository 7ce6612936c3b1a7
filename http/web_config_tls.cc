#include "http/web_config_tls.h"

#include <algorithm>
#include <array>
#include <functional>
#include <span>

#include "http/tls_names.h"

namespace plimsoll::http {

namespace {

struct AuthName {
  std::string_view name;
  ClientAuth value;
};
constexpr std::array<AuthName, 7> kAuthNames = {
    {{"NoClientCert", ClientAuth::kNone},
     {"", ClientAuth::kNone},
     {"RequestClientCert", ClientAuth::kRequest},
     {"RequireAnyClientCert", ClientAuth::kRequireAny},
     {"RequireClientCert", ClientAuth::kRequireAny},  // An older name of it.
     {"VerifyClientCertIfGiven", ClientAuth::kVerifyIfGiven},
     {"RequireAndVerifyClientCert", ClientAuth::kRequireAndVerify}}};

std::string resolved(const std::string& name, const std::string& config_file) {
  if (name.empty() || name.starts_with('/')) return name;
  const std::size_t slash = config_file.rfind('/');
  return slash == std::string::npos ? name : config_file.substr(0, slash + 1) + name;
}

using Read = std::function<Result<>(const Place&)>;

Read text_into(std::string& target) {
  return [&target](const Place& place) -> Result<> {
    target = PLIMSOLL_TRY(read_text(place));
    return {};
  };
}

Read file_into(std::string& target) {
  return [&target](const Place& place) -> Result<> {
    target = resolved(PLIMSOLL_TRY(read_text(place)), place.file);
    return {};
  };
}

Read names_into(std::vector<std::string>& target, std::span<const TlsName> known,
                const char* what) {
  return [&target, known, what](const Place& place) -> Result<> {
    for (const Place& item : PLIMSOLL_TRY(read_list(place))) {
      std::string name = PLIMSOLL_TRY(read_text(item));
      if (std::ranges::find(known, name, &TlsName::name) == known.end())
        return item.refuse("'" + name + "' is no known " + what);
      target.push_back(std::move(name));
    }
    return {};
  };
}

// Versions before 1.2 are broken: a file that allows them is accepted, they are not.
Read version_into(TlsVersion& target, std::string& below_12) {
  return [&target, &below_12](const Place& place) -> Result<> {
    const std::string name = PLIMSOLL_TRY(read_text(place));
    if (name == "TLS13")
      target = TlsVersion::k13;
    else if (name == "TLS12")
      target = TlsVersion::k12;
    else if (name == "TLS11" || name == "TLS10")
      below_12 = name;
    else
      return place.refuse("'" + name + "': give TLS12 or TLS13");
    return {};
  };
}

Result<> read_auth(const Place& place, ClientAuth& auth, bool& given) {
  const std::string name = PLIMSOLL_TRY(read_text(place));
  const auto known = std::ranges::find(kAuthNames, name, &AuthName::name);
  if (known == kAuthNames.end())
    return place.refuse("'" + name +
                        "': give NoClientCert, RequestClientCert, RequireAnyClientCert, "
                        "VerifyClientCertIfGiven or RequireAndVerifyClientCert");
  auth = known->value;
  given = !name.empty();
  return {};
}

bool asks_for_tls(const TlsSettings& tls, bool auth_given) {
  return !tls.cert.empty() || !tls.cert_file.empty() || !tls.key.empty() || !tls.key_file.empty() ||
         !tls.client_ca.empty() || !tls.client_ca_file.empty() || auth_given;
}

Result<> check(const Place& place, const TlsSettings& tls) {
  if (tls.cert.empty() && tls.cert_file.empty())
    return place.refuse("give a certificate: cert_file or cert");
  if (tls.key.empty() && tls.key_file.empty()) return place.refuse("give a key: key_file or key");
  if (tls.client_auth == ClientAuth::kNone &&
      (!tls.client_ca.empty() || !tls.client_ca_file.empty()))
    return place.refuse("client_ca_file without client_auth_type: no client would be checked");
  const bool certain = tls.client_auth == ClientAuth::kRequireAny ||
                       tls.client_auth == ClientAuth::kRequireAndVerify;
  if (tls.client_allowed_sans && !certain)
    return place.refuse(
        "client_allowed_sans needs client_auth_type RequireAnyClientCert or "
        "RequireAndVerifyClientCert");
  if (tls.min_version > tls.max_version) return place.refuse("min_version is above max_version");
  return {};
}

}  // namespace

Result<std::optional<TlsSettings>> read_tls(const Place& place,
                                            std::vector<std::string>& warnings) {
  TlsSettings tls;
  bool auth_given = false;
  std::string old_min;
  std::string old_max;
  const auto sans = [&](const Place& list) -> Result<> {
    if (list.node.IsNull()) return {};
    tls.client_allowed_sans.emplace();
    for (const Place& item : PLIMSOLL_TRY(read_list(list)))
      tls.client_allowed_sans->push_back(PLIMSOLL_TRY(read_text(item)));
    return {};
  };
  const auto preference = [&](const Place& value) -> Result<> {
    tls.prefer_server_cipher_suites = PLIMSOLL_TRY(read_bool(value));
    return {};
  };
  const auto auth = [&](const Place& value) {
    return read_auth(value, tls.client_auth, auth_given);
  };
  const std::array<Key, 13> keys = {{
      {"cert", text_into(tls.cert)},
      {"key", text_into(tls.key)},
      {"client_ca", text_into(tls.client_ca)},
      {"cert_file", file_into(tls.cert_file)},
      {"key_file", file_into(tls.key_file)},
      {"client_ca_file", file_into(tls.client_ca_file)},
      {"client_auth_type", auth},
      {"client_allowed_sans", sans},
      {"min_version", version_into(tls.min_version, old_min)},
      {"max_version", version_into(tls.max_version, old_max)},
      {"cipher_suites", names_into(tls.cipher_suites, kCipherSuites, "cipher suite")},
      {"curve_preferences", names_into(tls.curve_preferences, kCurves, "curve")},
      {"prefer_server_cipher_suites", preference},
  }};
  PLIMSOLL_TRY(read_map(place, keys));
  if (!asks_for_tls(tls, auth_given)) {
    if (!place.node.IsNull() && place.node.size() > 0)
      warnings.emplace_back("tls_server_config names no certificate: TLS is off");
    return std::optional<TlsSettings>();
  }
  if (!old_max.empty())
    return place.refuse("max_version " + old_max + ": versions before TLS12 are not spoken");
  if (!old_min.empty())
    warnings.push_back("min_version " + old_min + ": TLS12 is the lowest that is spoken");
  PLIMSOLL_TRY(check(place, tls));
  const bool verifies = tls.client_auth == ClientAuth::kVerifyIfGiven ||
                        tls.client_auth == ClientAuth::kRequireAndVerify;
  if (verifies && tls.client_ca.empty() && tls.client_ca_file.empty())
    warnings.emplace_back(
        "client_auth_type verifies without client_ca_file: every authority of this host's "
        "certificate store is trusted to name clients");
  return std::optional(std::move(tls));
}

}  // namespace plimsoll::http
