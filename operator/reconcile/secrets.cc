// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/secrets.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <set>
#include <utility>

#include "common/bytes/base64.h"
#include "common/certs/certificate.h"
#include "common/config/credential_text.h"
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

bool is_immutable(const Json& object) {
  const Json* immutable = find(object, {"immutable"});
  return immutable != nullptr && *immutable == true;
}

// The key of a ConfigMap: as a text, or in base64 under binaryData. Agents mount either.
std::optional<std::string> value_of(const Json& config_map, const std::string& key) {
  if (const Json* text = find(config_map, {"data", key})) return text->get<std::string>();
  if (find(config_map, {"binaryData", key}) == nullptr) return std::nullopt;
  return decode_base64(text_at(config_map, {"binaryData", key})).value_or("");
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

  const std::vector<SecretFact> before = std::exchange(facts_, {});
  for (const SecretUse& use : uses_) facts_.push_back(fact_of(use));
  for (const ConfigMapUse& use : authorities_) {
    facts_.push_back(look_at_authority(wanted.key.namespace_name, use, api, before));
  }
  // ± 10 %; after an error, the caller that retries decides when.
  const Duration pause = pause_after(facts_);
  next_ = now + std::chrono::duration_cast<Duration>(pause * (0.9 + 0.2 * jitter));
  if (error_) next_.reset();
}

SecretFact SecretChecks::look_at_authority(const std::string& namespace_name,
                                           const ConfigMapUse& use, kube::Api& api,
                                           const std::vector<SecretFact>& before) {
  SecretFact fact{.path = use.path, .reference = use.reference};
  fact.part = CredentialPart::kAuthority;
  fact.of_config_map = true;
  const kube::ObjectKey key{namespace_name, use.reference.name};
  const auto found = api.get(kube::kConfigMaps, key, kube::Form::kWhole);
  if (found) {
    fact.immutable = is_immutable(*found);
    const auto value = value_of(*found, use.reference.key);
    into(fact,
         value ? judge_text(*value, CredentialPart::kAuthority) : Verdict{State::kKeyMissing});
    return fact;
  }
  const Error& error = found.error();
  fact.state = error.kind == ErrorKind::kNotFound ? State::kSecretMissing : State::kUnreadable;
  if (error.kind == ErrorKind::kNotFound || error.kind == ErrorKind::kDenied) return fact;
  if (!error_) error_ = error.with_prefix("ConfigMap " + key.to_string() + ": ");
  const auto known = std::find_if(before.begin(), before.end(), [&](const SecretFact& each) {
    return each.of_config_map && each.path == use.path && each.reference == use.reference;
  });
  return known == before.end() ? fact : *known;
}

void SecretChecks::into(SecretFact& fact, const Verdict& verdict) {
  fact.state = verdict.state;
  fact.detail = verdict.detail;
  fact.fingerprint = verdict.fingerprint;
  fact.expires = verdict.expires;
  fact.all_expired = verdict.all_expired;
}

void SecretChecks::look_soon(Tick now) {
  if (next_) next_ = std::min(*next_, now + kAgainWhenWrong);
}

SecretFact SecretChecks::fact_of(const SecretUse& use) const {
  SecretFact fact{.path = use.path, .reference = use.reference};
  fact.part = use.part;
  const auto failed = failures_.find(use.reference.name);
  if (failed != failures_.end()) {
    fact.state = failed->second;
    return fact;
  }
  const Seen& seen = seen_.at(use.reference.name);
  const auto verdict = std::find_if(seen.verdicts.begin(), seen.verdicts.end(),
                                    [&](const auto& each) { return each.first == use; });
  into(fact, verdict->second);
  fact.immutable = seen.immutable;
  fact.version = seen.version;
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
  seen.immutable = is_immutable(secret);
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
  Verdict verdict = judge_text(*value, use.part);
  wipe(*value);
  return verdict;
}

SecretChecks::Verdict SecretChecks::judge_text(std::string_view value, CredentialPart part) {
  const std::string_view text = trim_secret(value);
  if (text.empty()) return {State::kValueEmpty};
  if (const Status checked = check_of(part)(text); !checked) {
    // Without one of these mistakes, the text may be the space's name, which Arize would answer OK.
    const bool malformed = part == CredentialPart::kSpaceID && check_space_id_text(text);
    return {malformed ? State::kSpaceIdMalformed : State::kValueUnusable, checked.error().message};
  }
  Verdict verdict{.fingerprint = fingerprint_of(part, text)};
  if (part != CredentialPart::kAuthority) return verdict;
  // nullopt for a bundle that is too large to be parsed here: agents use it nevertheless.
  if (const auto expiry = expiry_of(text)) {
    verdict.expires = expiry->first;
    verdict.all_expired = expiry->last;
  }
  return verdict;
}

}  // namespace dualtrace::ctl
