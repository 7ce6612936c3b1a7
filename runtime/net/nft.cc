#include "runtime/net/nft.h"

#include <linux/close_range.h>
#include <nftables/libnftables.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string_view>
#include <thread>
#include <utility>

#include "base/text.h"

namespace plimsoll::net {
namespace {

struct Free {
  void operator()(nft_ctx* context) const { nft_ctx_free(context); }
};
using Context = std::unique_ptr<nft_ctx, Free>;

Result<Context> open_context() {
  Context context(nft_ctx_new(NFT_CTX_DEFAULT));
  if (!context) return os_failure("nft_ctx_new", "nftables");
  // Else it writes to the program's own stdout and stderr.
  if (nft_ctx_buffer_output(context.get()) != 0 || nft_ctx_buffer_error(context.get()) != 0)
    return failure(ErrorKind::kIo, "nft_ctx_buffer", "nftables");
  return context;
}

Result<std::string> ask_context(nft_ctx* context, const std::string& text) {
  const int failed = nft_run_cmd_from_buffer(context, text.c_str());
  // The first line: "Error: Could not process rule: No such file or directory".
  std::string_view said = nft_ctx_get_error_buffer(context);
  std::string_view line;
  (void)next_line(said, line);
  if (failed != 0) return failure(ErrorKind::kRejected, "nftables", line);
  return std::string(nft_ctx_get_output_buffer(context));
}

}  // namespace

// Its thread is in the namespaces of whoever makes it.
class Nft::Desk {
 public:
  Desk() : thread_([this](const std::stop_token& stop) { serve(stop); }) {}

  // Without a text: whether the library is there.
  Result<std::string> ask(std::optional<std::string> text) {
    std::unique_lock lock(mutex_);
    question_.emplace(std::move(text));
    changed_.notify_all();
    changed_.wait(lock, [&] { return answer_.has_value(); });
    return *std::exchange(answer_, std::nullopt);
  }

 private:
  void serve(const std::stop_token& stop) {
    constexpr unsigned kFirst = 3;
    Result<Context> context = ::close_range(kFirst, ~0U, CLOSE_RANGE_UNSHARE) == 0
                                  ? open_context()
                                  : Result<Context>(os_failure("close_range", "nftables"));
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [&] { return question_.has_value(); })) {
      const auto text = *std::exchange(question_, std::nullopt);
      if (!context)
        answer_.emplace(std::unexpected(context.error()));
      else
        answer_.emplace(text ? ask_context(context->get(), *text) : std::string());
      changed_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::optional<std::optional<std::string>> question_;
  std::optional<Result<std::string>> answer_;
  std::jthread thread_;  // Last: it uses all of the above.
};

void Nft::End::operator()(Desk* desk) const {
  delete desk;
}

Result<Nft> Nft::open() {
  Nft nft(new Desk);
  PLIMSOLL_TRY(nft.desk_->ask(std::nullopt));
  return nft;
}

Result<> Nft::run(const std::string& text) {
  PLIMSOLL_TRY(ask(text));
  return {};
}

Result<std::string> Nft::ask(const std::string& text) {
  return desk_->ask(text);
}

}  // namespace plimsoll::net
