// SPDX-License-Identifier: Apache-2.0
#include "operator/app/webhook.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "common/log/log.h"
#include "common/random/random.h"
#include "common/time/thread_scheduler.h"
#include "operator/certs/certificate_keeper.h"

namespace dualtrace::ctl {
namespace {

constexpr size_t kCertificateBytesMax = 256 * 1024;
constexpr Duration kLookInterval = std::chrono::seconds(10);
constexpr Duration kSettling = std::chrono::minutes(10);

// The Service's names, and those of this machine for a configuration with a loopback URL: an
// operator on a developer's machine. Nothing else trusts the authority.
std::vector<std::string> names_of(const kube::ObjectKey& service, const std::string& domain) {
  const std::string name = service.name + "." + service.namespace_name;
  std::vector<std::string> names = {name + ".svc", name, "localhost", "127.0.0.1", "::1"};
  names.insert(names.begin() + 1, name + ".svc." + (domain.empty() ? "cluster.local" : domain));
  return names;
}

// Short lives, as in tests, shorten the related durations, too.
CertificateKeeper::Options keeping(const WebhookOptions& options, const std::string& domain) {
  const Duration life = options.certificate_life;
  return {.names = names_of(options.service, domain),
          .secret = {options.service.namespace_name, options.authority_secret},
          .configuration = options.configuration,
          .rules = {.authority_life = options.authority_life,
                    .leaf_life = life,
                    .settling = std::min(kSettling, life / 10)},
          .look_interval = std::min(kLookInterval, life / 30)};
}

// The certificate that is served until the Secret has been read: nothing trusts it.
Result<TlsIdentity> throwaway(const CertificateKeeper::Options& options, WallTime now) {
  const auto authority = make_webhook_authority(now, options.rules.leaf_life);
  if (!authority) return fail(authority.error());
  const auto leaf = issue_webhook_leaf(*authority, options.names, now, options.rules.leaf_life);
  if (!leaf) return fail(leaf.error());
  return leaf->identity();
}

class KeptWebhook final : public Webhook {
 public:
  KeptWebhook(CertificateKeeper::Options options, std::unique_ptr<WebhookServer> server,
              const Parts& parts)
      : server_(std::move(server)),
        keeper_(std::move(options), parts.api, parts.clock, entropy(), parts.metrics,
                [this](const TlsIdentity& identity) { return server_->show(identity); }),
        thread_("certificates", parts.clock) {
    thread_.post([this] { round(); });
  }
  ~KeptWebhook() override { thread_.stop(); }
  KeptWebhook(const KeptWebhook&) = delete;
  KeptWebhook& operator=(const KeptWebhook&) = delete;

  [[nodiscard]] std::vector<std::string> missing() const override {
    if (keeper_.ready()) return {};
    return {std::string(keeper_.missing())};
  }
  void stop() override { thread_.stop(); }

 private:
  void round() {
    const Duration pause = keeper_.round();
    thread_.run_after(pause, [this] { round(); });
  }

  const std::unique_ptr<WebhookServer> server_;
  CertificateKeeper keeper_;
  ThreadScheduler thread_;
};

// The server reads the files for each connection; this only reports how long they are valid.
class FolderWebhook final : public Webhook {
 public:
  FolderWebhook(std::string certificate_file, std::unique_ptr<WebhookServer> server,
                const Parts& parts)
      : certificate_file_(std::move(certificate_file)),
        server_(std::move(server)),
        files_(parts.files),
        thread_("certificates", parts.clock) {
    parts.metrics.observe(MetricRegistry::ValueType::kGauge,
                          "dualtrace_operator_webhook_certificate_end_timestamp_seconds",
                          "When the webhook's current certificate expires", {},
                          [this] { return end_.load(); });
    thread_.post([this] { look(); });
  }
  ~FolderWebhook() override { thread_.stop(); }
  FolderWebhook(const FolderWebhook&) = delete;
  FolderWebhook& operator=(const FolderWebhook&) = delete;

  [[nodiscard]] std::vector<std::string> missing() const override { return {}; }
  void stop() override { thread_.stop(); }

 private:
  void look() {
    const auto text = read_file(files_, certificate_file_, kCertificateBytesMax);
    const auto chain =
        text ? read_certificates(*text) : Result<std::vector<Certificate>>(fail(text.error()));
    if (chain) {
      end_ = std::chrono::duration<double>(chain->front().not_after.time_since_epoch()).count();
    } else {
      log_warn("the webhook's certificate cannot be read; the last one stays in use",
               {{"file", certificate_file_}, {"error", chain.error().message}});
    }
    thread_.run_after(std::chrono::minutes(1), [this] { look(); });
  }

  const std::string certificate_file_;
  const std::unique_ptr<WebhookServer> server_;
  FileSystem& files_;
  std::atomic<double> end_{0};
  ThreadScheduler thread_;
};

}  // namespace

Result<std::unique_ptr<Webhook>> Webhook::start(const WebhookOptions& options, Reviews reviews,
                                                const Parts& parts) {
  WebhookServer::Options serving{.listen = options.listen, .tls = {}};
  CertificateKeeper::Options kept = keeping(options, parts.cluster_domain);
  const std::string& folder = options.certificate_folder;
  if (!folder.empty()) {
    serving.tls = TlsServerOptions{.certificate_file = folder + "/tls.crt",
                                   .key_file = folder + "/tls.key",
                                   .client_ca_file = {}};
  } else {
    auto identity = throwaway(kept, parts.clock.wall());
    if (!identity) return fail(identity.error());
    serving.tls = *std::move(identity);
  }
  auto server =
      WebhookServer::start(std::move(serving), std::move(reviews), parts.clock, parts.metrics);
  if (!server) return fail(server.error());
  log_info("the webhook is listening", {{"port", (*server)->port()}});
  if (!folder.empty()) {
    return std::make_unique<FolderWebhook>(folder + "/tls.crt", *std::move(server), parts);
  }
  return std::make_unique<KeptWebhook>(std::move(kept), *std::move(server), parts);
}

}  // namespace dualtrace::ctl
