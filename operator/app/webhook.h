// SPDX-License-Identifier: Apache-2.0
#pragma once
// Webhook: the server that the options --webhook-… enable on every replica, and its certificate. A
// CertificateKeeper maintains it on its own thread, or it is read from a folder.
// Used from one thread, except for missing(), which is thread-safe.

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
    std::string cluster_domain;  // "" if it is not known
  };
  // Listening when it returns, with a certificate that nothing trusts yet, or with the folder's.
  static Result<std::unique_ptr<Webhook>> start(const WebhookOptions& options, Reviews reviews,
                                                const Parts& parts);
  virtual ~Webhook() = default;

  // What /readyz waits for: empty once a webhook configuration trusts the served certificate, and
  // always after that.
  [[nodiscard]] virtual std::vector<std::string> missing() const = 0;
  // Stops maintaining the certificate; returns once no call is in progress. Keeps serving.
  // Idempotent.
  virtual void stop() = 0;
};

}  // namespace dualtrace::ctl
