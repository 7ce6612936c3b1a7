#include "runtime/net/nft.h"

#include <nftables/libnftables.h>

#include <cerrno>
#include <string_view>

#include "base/text.h"

namespace plimsoll::net {

void Nft::End::operator()(nft_ctx* context) const {
  nft_ctx_free(context);
}

Result<Nft> Nft::open() {
  nft_ctx* context = nft_ctx_new(NFT_CTX_DEFAULT);
  if (context == nullptr) return os_failure("nft_ctx_new", "nftables");
  Nft nft(context);
  // Else it writes to the program's own stdout and stderr.
  if (nft_ctx_buffer_output(context) != 0 || nft_ctx_buffer_error(context) != 0)
    return failure(ErrorKind::kIo, "nft_ctx_buffer", "nftables");
  return nft;
}

Result<> Nft::run(const std::string& text) {
  PLIMSOLL_TRY(ask(text));
  return {};
}

Result<std::string> Nft::ask(const std::string& text) {
  const int failed = nft_run_cmd_from_buffer(context_.get(), text.c_str());
  // The first line: "Error: Could not process rule: No such file or directory".
  std::string_view said = nft_ctx_get_error_buffer(context_.get());
  std::string_view line;
  (void)next_line(said, line);
  if (failed != 0) return failure(ErrorKind::kRejected, "nftables", line);
  return std::string(nft_ctx_get_output_buffer(context_.get()));
}

}  // namespace plimsoll::net
