// SPDX-License-Identifier: Apache-2.0
#include "common/kube/exec_credential.h"

#include <utility>

#include "common/bytes/base64.h"
#include "common/json/json.h"
#include "common/kube/program.h"
#include "common/time/rfc3339.h"

namespace dualtrace::kube {
namespace {

// A rejected credential is replaced, but a plugin without a better one is not run for each call.
constexpr Duration kAgeMin = std::chrono::seconds(10);
constexpr size_t kCaBytesMax = 1 << 20;
constexpr size_t kOutputBytesMax = 1 << 20;

}  // namespace

ExecCredential::ExecCredential(const ClientConfig& config, FileSystem& files, Clock& clock,
                               Duration time_limit)
    : config_(config),
      plugin_(config.exec.value()),
      files_(files),
      clock_(clock),
      time_limit_(time_limit) {}

Result<Shown> ExecCredential::current() {
  if (kept_ && is_good(*kept_)) return kept_->shown;
  auto made = run();
  if (!made) {
    return fail(made.error().with_prefix("the credentials plugin " + plugin_.command + ": "));
  }
  refused_ = false;
  kept_ = *std::move(made);
  return kept_->shown;
}

void ExecCredential::refused() { refused_ = true; }

bool ExecCredential::is_good(const Kept& kept) const {
  if (kept.expires && clock_.wall() >= *kept.expires) return false;
  return !refused_ || clock_.tick() - kept.since < kAgeMin;
}

std::string ExecCredential::cluster_info() const {
  Json info = {{"apiVersion", plugin_.api_version},
               {"kind", "ExecCredential"},
               {"spec", {{"interactive", false}}}};
  if (!plugin_.wants_cluster_info) return to_text(info);
  Json& cluster = info["spec"]["cluster"];
  cluster["server"] = config_.server.origin() + config_.server.path;
  const TlsClientOptions& tls = config_.tls;
  if (!tls.server_name.empty()) cluster["tls-server-name"] = tls.server_name;
  if (tls.insecure) cluster["insecure-skip-tls-verify"] = true;
  if (config_.proxy) cluster["proxy-url"] = config_.proxy->origin();
  std::string authority = tls.ca_text;
  if (authority.empty() && !tls.ca_file.empty()) {
    const auto content = read_file(files_, tls.ca_file, kCaBytesMax);
    if (content) authority = *content;
  }
  if (!authority.empty()) cluster["certificate-authority-data"] = encode_base64(authority);
  return to_text(info);
}

Result<ExecCredential::Kept> ExecCredential::run() {
  Program program{.command = plugin_.command,
                  .arguments = plugin_.arguments,
                  .environment = plugin_.environment};
  program.environment.emplace_back("KUBERNETES_EXEC_INFO", cluster_info());
  const auto output = run_program(program, time_limit_, kOutputBytesMax, clock_);
  if (!output) return fail(ErrorKind::kDenied, output.error().message);
  return read(*output);
}

Result<ExecCredential::Kept> ExecCredential::read(const std::string& output) const {
  const auto json = parse_json(output);
  if (!json || text_at(*json, {"kind"}) != "ExecCredential" ||
      text_at(*json, {"apiVersion"}) != plugin_.api_version) {
    return fail(ErrorKind::kDenied, "it did not print an ExecCredential of " + plugin_.api_version);
  }
  Kept kept{
      .shown = {.certificate = std::string(text_at(*json, {"status", "clientCertificateData"})),
                .key = std::string(text_at(*json, {"status", "clientKeyData"}))},
      .expires = std::nullopt,
      .since = clock_.tick()};
  const std::string_view token = text_at(*json, {"status", "token"});
  if (!token.empty()) kept.shown.authorization = "Bearer " + std::string(token);
  if (kept.shown.certificate.empty() != kept.shown.key.empty()) {
    return fail(ErrorKind::kDenied, "it printed a certificate without its key, or the key alone");
  }
  if (kept.shown == Shown()) {
    return fail(ErrorKind::kDenied, "it printed neither a token nor a certificate");
  }
  const std::string_view expires = text_at(*json, {"status", "expirationTimestamp"});
  if (!expires.empty()) {
    kept.expires = parse_rfc3339(expires);
    if (!kept.expires) return fail(ErrorKind::kDenied, "its expirationTimestamp is not a time");
  }
  return kept;
}

}  // namespace dualtrace::kube
