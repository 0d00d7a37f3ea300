// SPDX-License-Identifier: Apache-2.0
#pragma once
// Webhook: what the options --webhook-… turn on, on every replica: the server, and its certificate,
// kept by a CertificateKeeper on a thread of its own or found in a folder.
// Used from one thread, but missing() is thread-safe.

#include <memory>
#include <string>
#include <vector>

#include "common/error/result.h"
#include "common/io/file_system.h"
#include "common/kube/api.h"
#include "common/metric/metric.h"
#include "common/time/clock.h"
#include "operator/app/options.h"
#include "operator/app/webhook_server.h"

namespace dualtrace::ctl {

class Webhook {
 public:
  struct Parts {  // they outlive it
    kube::Api& api;
    FileSystem& files;
    Clock& clock;
    MetricRegistry& metrics;
    std::string cluster_domain;  // "" when it is not known
  };
  // Listening when it returns, with a certificate that nobody trusts yet or that of the folder.
  static Result<std::unique_ptr<Webhook>> start(const WebhookOptions& options, Reviews reviews,
                                                const Parts& parts);
  virtual ~Webhook() = default;

  // What /readyz waits for: empty once a webhook configuration trusts what is shown, and from then
  // on for ever.
  [[nodiscard]] virtual std::vector<std::string> missing() const = 0;
  // Looks after the certificate no more; returns when no call is under way. Serves on. Idempotent.
  virtual void stop() = 0;
};

}  // namespace dualtrace::ctl
