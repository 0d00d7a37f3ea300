// SPDX-License-Identifier: Apache-2.0
#include "operator/certs/certificate_keeper.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/time/backoff.h"
#include "common/time/rfc3339.h"
#include "operator/certs/authority_secret.h"
#include "operator/certs/trust.h"

namespace dualtrace::ctl {
namespace {

constexpr int kStepsAtOnceMax = 10;
constexpr Duration kNotReadyInterval = std::chrono::seconds(2);
constexpr Duration kFailureLogInterval = std::chrono::minutes(1);
constexpr Backoff kAfterFailure{.base = std::chrono::seconds(1), .max = std::chrono::seconds(30)};

double seconds_of(WallTime when) {
  return std::chrono::duration<double>(when.time_since_epoch()).count();
}

}  // namespace

CertificateKeeper::CertificateKeeper(Options options, kube::Api& api, Clock& clock, uint64_t seed,
                                     MetricRegistry& metrics, Show show)
    : options_(std::move(options)),
      api_(api),
      clock_(clock),
      metrics_(metrics),
      show_(std::move(show)),
      random_(seed),
      failure_log_(kFailureLogInterval) {
  using Type = MetricRegistry::ValueType;
  metrics_.observe(Type::kGauge, "dualtrace_operator_webhook_certificate_end_timestamp_seconds",
                   "When the webhook's current certificate expires", {},
                   [this] { return leaf_end_.load(); });
  metrics_.observe(Type::kGauge, "dualtrace_operator_webhook_authority_end_timestamp_seconds",
                   "When the authority that signs the webhook's certificates expires", {},
                   [this] { return authority_end_.load(); });
  metrics_.observe(Type::kGauge, "dualtrace_operator_webhook_trusted",
                   "1 while the webhook configurations trust the webhook's certificate, else 0", {},
                   [this] { return trusted_ ? 1.0 : 0.0; });
}

Duration CertificateKeeper::round() {
  for (int i = 0; i < kStepsAtOnceMax; ++i) {
    const Result<RotationStep> step = look_and_step();
    if (!step && step.error().kind == ErrorKind::kConflict) continue;  // another replica was faster
    if (!step) return after_failure(step.error());
    if (*step == RotationStep::kNone) break;
  }
  failures_ = 0;
  return ready_ ? options_.look_interval : std::min(kNotReadyInterval, options_.look_interval);
}

Result<RotationStep> CertificateKeeper::look_and_step() {
  if (Status looked = look_at_configurations(); !looked) return fail(looked.error());
  if (Status looked = look_at_secret(); !looked) return fail(looked.error());
  look_at_trust();
  report();
  const RotationStep step = next_step(facts_, options_.rules);
  if (step == RotationStep::kNone) return step;
  if (Status taken = take(step); !taken) return fail(taken.error());
  log_info("a step in the rotation of the webhook's certificates", {{"step", to_string(step)}});
  metrics_
      .counter("dualtrace_operator_webhook_certificate_steps_total",
               "Steps of creating, publishing and rotating the webhook's certificates",
               {{"step", std::string(to_string(step))}})
      .increment();
  return step;
}

Status CertificateKeeper::look_at_configurations() {
  configurations_.clear();
  for (const auto& type : {kMutatingWebhookConfigurations, kValidatingWebhookConfigurations}) {
    auto read = api_.get(type, {"", options_.configuration});
    if (!read && read.error().kind != ErrorKind::kNotFound) return fail(read.error());
    if (read) configurations_.push_back({type, *std::move(read)});
  }
  return {};
}

Status CertificateKeeper::look_at_secret() {
  const auto metadata = api_.get(kube::kSecrets, options_.secret, kube::Form::kMetadata);
  if (!metadata) {
    if (metadata.error().kind != ErrorKind::kNotFound) return fail(metadata.error());
    secret_version_.clear();
    facts_.authorities = {};
    return {};
  }
  if (secret_version_ == text_at(*metadata, {"metadata", "resourceVersion"})) return {};
  auto secret = api_.get(kube::kSecrets, options_.secret);
  if (!secret) return fail(secret.error());
  StoredAuthorities stored = read_authorities(*secret);
  wipe_data(*secret);
  for (const std::string& fault : stored.faults) {
    log_warn("the Secret of the webhook's authority is damaged",
             {{"secret", options_.secret.to_string()}, {"fault", fault}});
  }
  secret_version_ = text_at(*secret, {"metadata", "resourceVersion"});
  facts_.authorities = std::move(stored.authorities);
  if (facts_.authorities.current) last_trusted_ = facts_.authorities.trusted();
  return {};
}

// The certificates that each entry trusts, and whether these are the right ones.
void CertificateKeeper::look_at_trust() {
  facts_.now = clock_.wall();
  facts_.tick = clock_.tick();
  facts_.called = false;
  facts_.published = true;
  const std::vector<Certificate> wanted = facts_.authorities.trusted();
  std::set<std::string> by_all;
  for (const Seen& seen : configurations_) {
    for (const std::vector<Certificate>& entry : trusted_by_entries(seen.object)) {
      std::set<std::string> trusted;
      for (const Certificate& one : entry) trusted.insert(one.fingerprint);
      if (facts_.called) std::erase_if(by_all, [&](const auto& x) { return !trusted.contains(x); });
      if (!facts_.called) by_all = std::move(trusted);
      facts_.called = true;
      facts_.published = facts_.published && same_certificates(entry, wanted);
    }
  }
  std::erase_if(facts_.trusted_since, [&](const auto& one) { return !by_all.contains(one.first); });
  for (const std::string& one : by_all) facts_.trusted_since.emplace(one, facts_.tick);
}

Status CertificateKeeper::take(RotationStep step) {
  const Authorities& before = facts_.authorities;
  switch (step) {
    case RotationStep::kNone:
      return {};
    case RotationStep::kReplaceAuthorities:
      return replace_authorities();
    case RotationStep::kPromoteNext:
      return store(promoted(before, facts_.now, options_.rules));
    case RotationStep::kDropPrevious:
      return store(without_previous(before, facts_.now));
    case RotationStep::kAddNext: {
      auto fresh = make_webhook_authority(facts_.now, options_.rules.authority_life);
      if (!fresh) return fail(fresh.error());
      return store(with_next(before, *std::move(fresh)));
    }
    case RotationStep::kPublish:
      return publish();
    case RotationStep::kIssueLeaf:
      return issue_leaf();
  }
  return {};
}

Status CertificateKeeper::replace_authorities() {
  auto fresh = make_webhook_authority(facts_.now, options_.rules.authority_life);
  if (!fresh) return fail(fresh.error());
  return store(replaced(*std::move(fresh), last_trusted_, facts_.now, options_.rules));
}

// Written over the version that was checked; the Secret is read again because it is not kept.
Status CertificateKeeper::store(Authorities authorities) {
  if (secret_version_.empty()) {
    Json made = authority_secret(options_.secret, authorities);
    const auto created = api_.create(kube::kSecrets, made);
    wipe_data(made);
    if (!created) return fail(created.error());
    return {};
  }
  auto secret = api_.get(kube::kSecrets, options_.secret);
  if (!secret && secret.error().kind == ErrorKind::kNotFound) {
    return fail(ErrorKind::kConflict, "the Secret of the webhook's authority is gone");
  }
  if (!secret) return fail(secret.error());
  if (secret_version_ != text_at(*secret, {"metadata", "resourceVersion"})) {
    wipe_data(*secret);
    return fail(ErrorKind::kConflict, "the Secret of the webhook's authority has changed");
  }
  Json changed = with_authorities(*std::move(secret), authorities);
  const auto updated = api_.update(kube::kSecrets, changed);
  wipe_data(changed);
  if (!updated) return fail(updated.error());
  return {};
}

Status CertificateKeeper::publish() {
  const std::vector<Certificate> wanted = facts_.authorities.trusted();
  for (const Seen& seen : configurations_) {
    const auto entries = trusted_by_entries(seen.object);
    const bool as_wanted = std::ranges::all_of(
        entries, [&](const auto& entry) { return same_certificates(entry, wanted); });
    if (as_wanted) continue;
    const auto applied = api_.apply(seen.type, bundle_apply(seen.type, seen.object, wanted),
                                    {.field_manager = kTrustFieldManager});
    if (!applied && applied.error().kind == ErrorKind::kNotFound) {
      return fail(ErrorKind::kConflict, "a webhook configuration is gone");
    }
    if (!applied) return fail(applied.error());
  }
  return {};
}

Status CertificateKeeper::issue_leaf() {
  auto leaf = issue_webhook_leaf(*facts_.authorities.current, options_.names, facts_.now,
                                 options_.rules.leaf_life);
  if (!leaf) return fail(leaf.error());
  if (Status shown = show_(leaf->identity()); !shown) return shown;
  facts_.leaf = *std::move(leaf);
  log_info("the webhook uses a new certificate",
           {{"until", rfc3339(facts_.leaf->certificate.not_after)},
            {"authority", facts_.leaf->issuer.substr(0, 16)}});
  return {};
}

void CertificateKeeper::report() {
  const bool trusted = facts_.called && facts_.leaf &&
                       facts_.leaf->certificate.valid_at(facts_.now) &&
                       facts_.trusts(facts_.leaf->issuer);
  trusted_ = trusted;
  if (trusted) ready_ = true;
  missing_ = ready_          ? Missing::kNothing
             : facts_.called ? Missing::kNotTrusted
                             : Missing::kNoConfiguration;
  leaf_end_ = facts_.leaf ? seconds_of(facts_.leaf->certificate.not_after) : 0;
  const auto& current = facts_.authorities.current;
  authority_end_ = current ? seconds_of(current->certificate.not_after) : 0;
}

std::string_view CertificateKeeper::missing() const {
  switch (missing_.load()) {
    case Missing::kNotLooked:
      return "webhook: its Secret or configurations could not be read yet";
    case Missing::kNoConfiguration:
      return "webhook: there is no configuration of that name";
    case Missing::kNotTrusted:
      return "webhook: its configurations do not trust its certificate yet";
    case Missing::kNothing:
      return "";
  }
  return "";
}

Duration CertificateKeeper::after_failure(const Error& error) {
  ++failures_;
  if (const auto suppressed = failure_log_.allow(clock_.tick())) {
    log_warn("the webhook's certificates cannot be maintained; the operator retries",
             {{"error", error.message}, {"suppressed", *suppressed}});
  }
  return kAfterFailure.delay(failures_, random_);
}

}  // namespace dualtrace::ctl
