// For tests: certificates made on the spot.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace plimsoll::http::testing {

struct PemPair {
  std::string cert;
  std::string key;
};

class Authority {
 public:
  explicit Authority(const std::string& name);
  ~Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  [[nodiscard]] const std::string& pem() const { return pem_; }
  // `names` as OpenSSL's configuration spells them: "DNS:localhost", "IP:127.0.0.1".
  [[nodiscard]] PemPair issue(const std::string& common_name,
                              const std::vector<std::string>& names) const;

 private:
  struct Keys;
  std::unique_ptr<Keys> keys_;
  std::string pem_;
};

}  // namespace plimsoll::http::testing
