#include <cstdio>

#include "agent/complain.h"
#include "agent/containers/container_commands.h"
#include "agent/percent_encode.h"
#include "agent/stats/units.h"
#include "base/json.h"

namespace plimsoll::agent {
namespace {

std::string text_of(const json::Value& object, std::string_view key) {
  const json::Value* value = object.find(key);
  return value != nullptr && value->type == json::Type::kString ? std::string(value->text)
                                                                : std::string();
}

}  // namespace

Option socket_option(std::string& socket) {
  socket = kEngineSocket;
  return {"--socket", &socket, "The engine's socket (default /run/plimsoll/plimsoll.sock)", "PATH",
          ""};
}

int complain(std::string_view command, const NoAnswer& why) {
  complain(command, std::string_view(why.message));
  return why.exit_code;
}

int run_exit_code(std::string_view message) {
  const auto says = [&](std::string_view words) {
    return message.find(words) != std::string_view::npos;
  };
  if (says("executable file not found") || says("no such file or directory")) return 127;
  if (says("permission denied") || says("is a directory")) return 126;
  return 125;
}

void ProgressText::feed(std::string_view bytes) {
  rest_ += bytes;
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = rest_.find('\n', begin)) != std::string::npos; begin = end + 1)
    line(std::string_view(rest_).substr(begin, end - begin));
  rest_.erase(0, begin);
}

void ProgressText::line(std::string_view text) {
  const auto document = json::parse(text);
  if (!document) return;  // An empty line.
  const json::Value& root = document->root;
  if (const json::Value* detail = root.find("errorDetail"); detail != nullptr)
    failure_ = text_of(*detail, "message");
  else if (const std::string error = text_of(root, "error"); !error.empty())
    failure_ = error;
  if (const std::string stream = text_of(root, "stream"); !stream.empty() && loaded_ != nullptr)
    *loaded_ += stream;
  std::string status = text_of(root, "status");
  if (status.empty()) return;
  if (const std::string id = text_of(root, "id"); !id.empty()) status.insert(0, id + ": ");
  // Without a terminal to draw on, a layer's hundred steps are one line.
  if (status == last_) return;
  last_ = status;
  std::fprintf(stderr, "%s\n", printable(status).c_str());
}

ApiAnswer<> pull_image(const EngineApi& api, const std::string& name) {
  const std::size_t at = name.find('@');
  const std::size_t colon = name.rfind(':');
  const bool tagged = colon != std::string::npos && name.find('/', colon) == std::string::npos;
  const std::size_t cut = at != std::string::npos ? at : tagged ? colon : name.size();
  const std::string tag = cut == name.size() ? "latest" : name.substr(cut + 1);
  ProgressText progress;
  const auto followed =
      api.follow({.method = "POST",
                  .target = "/images/create?fromImage=" + percent_encoded(name.substr(0, cut)) +
                            "&tag=" + percent_encoded(tag)},
                 [&](std::string_view piece) {
                   progress.feed(piece);
                   return true;
                 });
  if (!followed) return followed;
  if (!progress.failure().empty()) return std::unexpected(NoAnswer{progress.failure(), 1});
  return {};
}

}  // namespace plimsoll::agent
