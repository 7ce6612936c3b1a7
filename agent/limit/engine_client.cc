#include "agent/limit/engine_client.h"

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "agent/exit_code.h"
#include "agent/limit/answer.h"

namespace plimsoll::agent {
namespace {

// Beyond the deadline of a change: planning, the queue in front of it, the audit log's disk.
constexpr std::chrono::seconds kSlack{50};

// "the group plimsoll", for which the socket is open.
std::string group_of(const std::string& path) {
  struct stat facts{};
  std::array<char, 4096> buffer{};
  group entry{};
  group* found = nullptr;
  if (::stat(path.c_str(), &facts) == 0 && facts.st_gid != 0 && (facts.st_mode & S_IWGRP) != 0 &&
      ::getgrgid_r(facts.st_gid, &entry, buffer.data(), buffer.size(), &found) == 0 &&
      found != nullptr)
    return found->gr_name;
  return "";
}

}  // namespace

int exit_code_of_status(int status) {
  switch (status) {
    case 200:
      return kExitOk;
    case 400:
    case 413:
    case 415:
      return kExitUsage;
    case 403:
      return kExitDenied;
    case 404:
      return kExitNotFound;
    default:
      return kExitFailure;
  }
}

NoAnswer no_engine(const std::string& socket, const Error& error) {
  if (error.kind == ErrorKind::kNotOffered)
    return {"no engine answers at " + socket +
                ": start one with 'plimsoll engine' (or systemctl start plimsoll-engine), or name "
                "its socket with --socket",
            kExitUnreachable};
  if (error.kind != ErrorKind::kDenied) return {error.message(), kExitUnreachable};
  const std::string group = group_of(socket);
  return {"no permission for " + socket + ": be root" +
              (group.empty()
                   ? std::string()
                   : ", or a member of the group " + group + " (usermod -aG " + group + " NAME)"),
          kExitDenied};
}

EngineClient::EngineClient(std::string socket, std::chrono::nanoseconds deadline)
    : socket_(std::move(socket)) {
  options_.timeout = std::chrono::ceil<std::chrono::milliseconds>(deadline) + kSlack;
}

std::expected<std::string, NoAnswer> EngineClient::get(const std::string& target) const {
  auto response = http::get("unix:" + socket_, target, options_);
  if (!response) return std::unexpected(no_engine(socket_, response.error()));
  if (response->status == 200) return std::move(response->body);
  const auto fault = decode_fault(response->body);
  return std::unexpected(
      NoAnswer{fault ? fault->message
                     : "the engine answered " + std::to_string(response->status) + " to " + target,
               exit_code_of_status(response->status)});
}

std::expected<http::ClientResponse, NoAnswer> EngineClient::post(const std::string& target,
                                                                 const std::string& json) const {
  auto response = http::post("unix:" + socket_, target, {"application/json", json}, options_);
  if (!response) return std::unexpected(no_engine(socket_, response.error()));
  return *std::move(response);
}

}  // namespace plimsoll::agent
