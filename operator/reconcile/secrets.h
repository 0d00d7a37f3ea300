// SPDX-License-Identifier: Apache-2.0
#pragma once
// Secrets: whether the keys that an export names exist and look valid. Secrets are not watched:
// each is requested by name at intervals, sooner while something is wrong; first its metadata, and
// the whole Secret only if its version has changed. Values are checked and wiped; only the verdict
// on each is kept. ConfigMaps of `ca` are read along with them and judged in the same way.
// Used from one thread at a time.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/error/result.h"
#include "common/kube/api.h"
#include "common/metric/metric.h"
#include "common/time/clock.h"
#include "operator/api/secret_uses.h"
#include "operator/status/facts.h"

namespace dualtrace::ctl {

// One request, counted. Blocks.
[[nodiscard]] Result<Json> read_secret(kube::Api& api, const kube::ObjectKey& key, kube::Form form,
                                       MetricRegistry& metrics);

// The checks of one export, repeated when they are due.
class SecretChecks {
 public:
  // `jitter` in [0, 1) spreads the checks of many exports. Blocks if a check is due.
  void check(const DualTraceExport& wanted, kube::Api& api, MetricRegistry& metrics, Tick now,
             double jitter);

  [[nodiscard]] const std::vector<SecretFact>& facts() const { return facts_; }
  // Agents use a different value from the known one, or miss it: the Secret may have changed since.
  void look_soon(Tick now);
  // The error of the last check, other than that a Secret is missing or may not be read.
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }
  [[nodiscard]] std::optional<Tick> look_again() const { return next_; }

 private:
  using State = SecretFact::State;
  struct Verdict {
    State state = State::kPresent;
    std::string detail{};
    std::string fingerprint{};
    std::optional<WallTime> expires{};
    std::optional<WallTime> all_expired{};
  };
  struct Seen {  // of one Secret
    std::string version;
    bool immutable = false;
    std::vector<std::pair<SecretUse, Verdict>> verdicts;
  };

  SecretFact fact_of(const SecretUse& use) const;
  // Fills seen_ and failures_ for that Secret.
  void look(const std::string& namespace_name, const std::string& name, kube::Api& api,
            MetricRegistry& metrics);
  void judge(const std::string& name, const Json& secret);
  static Verdict judge_value(const Json& secret, const SecretUse& use);
  static Verdict judge_text(std::string_view value, CredentialPart part);
  static void into(SecretFact& fact, const Verdict& verdict);
  // While the ConfigMap cannot be read, it is as it was in `before`.
  SecretFact look_at_authority(const std::string& namespace_name, const ConfigMapUse& use,
                               kube::Api& api, const std::vector<SecretFact>& before);

  std::vector<SecretUse> uses_;
  std::vector<ConfigMapUse> authorities_;
  std::map<std::string, Seen> seen_;       // by name of the Secret
  std::map<std::string, State> failures_;  // Secrets that are missing or cannot be read
  std::vector<SecretFact> facts_;
  std::optional<Error> error_;
  std::optional<Tick> next_;
};

}  // namespace dualtrace::ctl
