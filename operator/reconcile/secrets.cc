// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/secrets.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <set>

#include "common/bytes/base64.h"
#include "common/certs/certificate.h"
#include "common/config/credential_text.h"
#include "common/config/rules.h"
#include "common/config/space_id.h"
#include "operator/api/permissions.h"

namespace dualtrace::ctl {
namespace {

using State = SecretFact::State;

constexpr Duration kAgainWhenWrong = std::chrono::seconds(15);
constexpr Duration kAgainWhenRight = std::chrono::minutes(10);
constexpr Duration kAgainWhenUnreadable = std::chrono::minutes(5);

void wipe(std::string& text) { OPENSSL_cleanse(text.data(), text.size()); }

void wipe_data(Json& secret) {
  const auto data = secret.find("data");
  if (data == secret.end() || !data->is_object()) return;
  for (auto& [key, value] : data->items()) {
    if (value.is_string()) wipe(value.get_ref<std::string&>());
  }
}

// As agents read the file: without surrounding white space.
std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  const size_t first = std::min(text.find_first_not_of(kSpace), text.size());
  return text.substr(first, text.find_last_not_of(kSpace) + 1 - first);
}

// The part of a destination's credentials that it becomes; nullopt: one that agents do not report.
std::optional<report::CredentialPart> part_of(const SecretUse& use) {
  switch (use.content) {
    case SecretContent::kAuthority:
    case SecretContent::kProxyCredential:
      return std::nullopt;
    case SecretContent::kAPIKey:
      return report::CredentialPart::kAPIKey;
    case SecretContent::kSpaceID:
      return report::CredentialPart::kSpaceID;
    case SecretContent::kToken:
      return report::CredentialPart::kToken;
    case SecretContent::kClientID:
      return report::CredentialPart::kClientID;
    case SecretContent::kClientSecret:
      return report::CredentialPart::kClientSecret;
  }
  return std::nullopt;
}

// When the first of an authority's certificates expires; nullopt if they cannot be parsed. The
// agents report that, because they are the ones that trust the certificates.
std::optional<WallTime> first_end(std::string_view pem) {
  const auto certificates = read_certificates(pem);
  if (!certificates) return std::nullopt;
  std::optional<WallTime> first;
  for (const Certificate& certificate : *certificates) {
    first = std::min(first.value_or(certificate.not_after), certificate.not_after);
  }
  return first;
}

Duration pause_after(const std::vector<SecretFact>& facts) {
  Duration pause = kAgainWhenRight;
  for (const SecretFact& fact : facts) {
    if (fact.state == State::kPresent) continue;
    const bool unreadable = fact.state == State::kUnreadable;
    pause = std::min(pause, unreadable ? kAgainWhenUnreadable : kAgainWhenWrong);
  }
  return pause;
}

}  // namespace

Result<Json> read_secret(kube::Api& api, const kube::ObjectKey& key, kube::Form form,
                         MetricRegistry& metrics) {
  const std::string what = form == kube::Form::kMetadata ? "metadata" : "whole";
  metrics
      .counter("dualtrace_operator_secret_reads_total", "Requests for Secrets that exports name",
               {{"form", what}})
      .increment();
  return api.get(kube::kSecrets, key, form);
}

void SecretChecks::check(const DualTraceExport& wanted, kube::Api& api, MetricRegistry& metrics,
                         Tick now, double jitter) {
  std::vector<SecretUse> uses = secrets_named_by(wanted);
  std::vector<ConfigMapUse> authorities = config_maps_named_by(wanted);
  if (uses == uses_ && authorities == authorities_ && next_ && now < *next_) return;
  if (uses != uses_) seen_.clear();
  uses_ = std::move(uses);
  authorities_ = std::move(authorities);
  failures_.clear();
  error_.reset();

  std::set<std::string> names;
  for (const SecretUse& use : uses_) names.insert(use.reference.name);
  for (const std::string& name : names) look(wanted.key.namespace_name, name, api, metrics);

  facts_.clear();
  for (const SecretUse& use : uses_) facts_.push_back(fact_of(use));
  look_at_authorities(wanted, api);
  // ± 10 %; after an error, the caller that retries decides when.
  const Duration pause = pause_after(facts_);
  next_ = now + std::chrono::duration_cast<Duration>(pause * (0.9 + 0.2 * jitter));
  if (error_) next_.reset();
}

// A ConfigMap that is missing or unusable is reported by the agents: their pods do not start.
void SecretChecks::look_at_authorities(const DualTraceExport& wanted, kube::Api& api) {
  for (const ConfigMapUse& use : authorities_) {
    const auto found = api.get(kube::kConfigMaps, {wanted.key.namespace_name, use.reference.name},
                               kube::Form::kWhole);
    if (!found) continue;
    SecretFact fact{.path = use.path, .reference = use.reference};
    fact.of_config_map = true;
    fact.expires = first_end(text_at(*found, {"data", use.reference.key}));
    facts_.push_back(std::move(fact));
  }
}

void SecretChecks::look_soon(Tick now) {
  if (next_) next_ = std::min(*next_, now + kAgainWhenWrong);
}

SecretFact SecretChecks::fact_of(const SecretUse& use) const {
  SecretFact fact{.path = use.path, .reference = use.reference};
  fact.part = part_of(use);
  const auto failed = failures_.find(use.reference.name);
  if (failed != failures_.end()) {
    fact.state = failed->second;
    return fact;
  }
  const Seen& seen = seen_.at(use.reference.name);
  const auto verdict = std::find_if(seen.verdicts.begin(), seen.verdicts.end(),
                                    [&](const auto& each) { return each.first == use; });
  fact.state = verdict->second.state;
  fact.detail = verdict->second.detail;
  fact.fingerprint = verdict->second.fingerprint;
  fact.immutable = seen.immutable;
  fact.version = seen.version;
  fact.expires = verdict->second.expires;
  return fact;
}

void SecretChecks::look(const std::string& namespace_name, const std::string& name, kube::Api& api,
                        MetricRegistry& metrics) {
  const kube::ObjectKey key{namespace_name, name};
  const auto note_failure = [&](const Error& error) {
    if (error.kind == ErrorKind::kNotFound) {
      failures_[name] = State::kSecretMissing;
    } else if (error.kind == ErrorKind::kDenied) {
      failures_[name] = State::kUnreadable;
    } else {
      if (!error_) error_ = error.with_prefix("Secret " + key.to_string() + ": ");
      if (!seen_.contains(name)) failures_[name] = State::kUnreadable;
    }
  };
  const auto metadata = read_secret(api, key, kube::Form::kMetadata, metrics);
  if (!metadata) return note_failure(metadata.error());
  const auto seen = seen_.find(name);
  if (seen != seen_.end() &&
      seen->second.version == text_at(*metadata, {"metadata", "resourceVersion"})) {
    return;
  }
  auto secret = read_secret(api, key, kube::Form::kWhole, metrics);
  if (!secret) return note_failure(secret.error());
  judge(name, *secret);
  wipe_data(*secret);
}

void SecretChecks::judge(const std::string& name, const Json& secret) {
  Seen& seen = seen_[name];
  seen.version = text_at(secret, {"metadata", "resourceVersion"});
  const Json* immutable = find(secret, {"immutable"});
  seen.immutable = immutable != nullptr && *immutable == true;
  seen.verdicts.clear();
  for (const SecretUse& use : uses_) {
    if (use.reference.name == name) seen.verdicts.emplace_back(use, judge_value(secret, use));
  }
}

SecretChecks::Verdict SecretChecks::judge_value(const Json& secret, const SecretUse& use) {
  const std::string_view encoded = text_at(secret, {"data", use.reference.key});
  if (auto why = never_sent(use, text_at(secret, {"type"}))) {
    return {.state = State::kNeverSent, .detail = *std::move(why)};
  }
  if (find(secret, {"data", use.reference.key}) == nullptr) return {State::kKeyMissing};
  auto value = decode_base64(encoded);
  if (!value) return {State::kValueEmpty};
  Verdict verdict;
  const std::string_view text = trimmed(*value);
  if (text.empty()) {
    verdict.state = State::kValueEmpty;
  } else if (use.content == SecretContent::kSpaceID) {
    if (!check_space_id(text)) verdict.state = State::kSpaceIdMalformed;
  } else if (use.content == SecretContent::kProxyCredential) {
    if (const Status checked = check_characters(text); !checked) {
      verdict = {State::kValueUnusable, checked.error().message};
    }
  } else if (part_of(use)) {
    if (const Status checked = check_credential(text); !checked) {
      verdict = {State::kValueUnusable, checked.error().message};
    }
  }
  if (part_of(use) && verdict.state == State::kPresent) {
    verdict.fingerprint = credential_fingerprint(text);
  }
  if (use.content == SecretContent::kAuthority) verdict.expires = first_end(text);
  wipe(*value);
  return verdict;
}

}  // namespace dualtrace::ctl
