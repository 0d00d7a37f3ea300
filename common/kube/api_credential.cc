// SPDX-License-Identifier: Apache-2.0
#include "common/kube/api_credential.h"

#include <optional>
#include <utility>

#include "common/bytes/base64.h"
#include "common/kube/exec_credential.h"

namespace dualtrace::kube {
namespace {

// Service account tokens last an hour and are replaced in the file ten minutes before they expire.
constexpr Duration kTokenAgeMax = std::chrono::seconds(60);
constexpr size_t kTokenBytesMax = 64 * 1024;

class FixedCredential final : public ApiCredential {
 public:
  explicit FixedCredential(std::string authorization)
      : shown_{.authorization = std::move(authorization)} {}
  Result<Shown> current() override { return shown_; }
  void refused() override {}

 private:
  const Shown shown_;
};

class TokenFileCredential final : public ApiCredential {
 public:
  TokenFileCredential(std::string path, FileSystem& files, Clock& clock)
      : path_(std::move(path)), files_(files), clock_(clock) {}

  Result<Shown> current() override {
    const Tick now = clock_.tick();
    if (next_read_ && now < *next_read_) return shown_;
    auto token = read();
    if (token) {
      shown_.authorization = "Bearer " + *std::move(token);
    } else if (shown_.authorization.empty()) {
      return fail(token.error());
    }  // else the current one may still be valid
    next_read_ = now + kTokenAgeMax;
    return shown_;
  }

  void refused() override { next_read_.reset(); }

 private:
  Result<std::string> read() {
    auto token = read_file(files_, path_, kTokenBytesMax);
    if (!token) {
      return fail(ErrorKind::kDenied, "the token cannot be read: " + token.error().message);
    }
    token->erase(token->find_last_not_of(" \t\r\n") + 1);
    if (token->empty()) return fail(ErrorKind::kDenied, "the token file " + path_ + " is empty");
    return *std::move(token);
  }

  const std::string path_;
  FileSystem& files_;
  Clock& clock_;
  Shown shown_;
  std::optional<Tick> next_read_;
};

}  // namespace

std::unique_ptr<ApiCredential> make_api_credential(const ClientConfig& config, FileSystem& files,
                                                   Clock& clock) {
  if (!config.token_file.empty()) {
    return std::make_unique<TokenFileCredential>(config.token_file, files, clock);
  }
  if (!config.token.empty()) return std::make_unique<FixedCredential>("Bearer " + config.token);
  if (!config.username.empty()) {
    return std::make_unique<FixedCredential>(
        "Basic " + encode_base64(config.username + ":" + config.password));
  }
  if (config.exec) return std::make_unique<ExecCredential>(config, files, clock);
  return std::make_unique<FixedCredential>("");
}

}  // namespace dualtrace::kube
