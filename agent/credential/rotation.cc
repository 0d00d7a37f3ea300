// SPDX-License-Identifier: Apache-2.0
#include "agent/credential/rotation.h"

#include <utility>

#include "common/report/words.h"

namespace dualtrace::agent {
namespace {

using report::CandidateState;
using report::PauseReason;

// The fingerprint to show to people: that of the first file that differs.
std::string fingerprint_beside(const SecretVersion& secret, const SecretVersion& other) {
  for (size_t i = 0; i < secret.fingerprints.size(); ++i) {
    if (secret.fingerprints[i] != other.fingerprints.at(i)) return secret.fingerprints[i];
  }
  return secret.fingerprints.front();
}

}  // namespace

Rotation::Version Rotation::fresh(const SecretPointer& secret, WallTime now) {
  Version version;
  version.id = ++last_id_;
  version.secret = secret;
  version.since = now;
  return version;
}

void Rotation::inherit(Legacy legacy) {
  previous_ = std::move(legacy.previous);
  in_use_ = std::move(legacy.in_use);
  if (!in_use_) return;
  in_use_->id = ++last_id_;
  // What was refused may pass under the new configuration.
  in_use_->failures = 0;
  in_use_->refusals = 0;
  in_use_->refused = false;
}

uint64_t Rotation::found(const SecretPointer& secret, WallTime now) {
  const SecretPointer before = std::exchange(seen_, secret);
  if (secret == nullptr || (before && before->values == secret->values)) return 0;
  if (!in_use_) {
    in_use_ = fresh(secret, now);
    return in_use_->id;
  }
  const bool is_in_use = in_use_->secret->is_same_credential(*secret);
  if (is_in_use) candidate_.reset();  // changed back
  if (!is_in_use && !(candidate_ && candidate_->secret->is_same_credential(*secret))) {
    candidate_ = fresh(secret, now);
    return candidate_->id;
  }
  // It was put back, or the kubelet renewed a projected token. The values serve the next token
  // call. They are tried at once if what they gave before does not work.
  Version& same = is_in_use ? *in_use_ : *candidate_;
  same.secret = secret;
  const bool works = same.key != nullptr && !same.error && !same.refused;
  return works ? 0 : same.id;
}

Rotation::Version* Rotation::version(uint64_t id) {
  if (in_use_ && in_use_->id == id) return &*in_use_;
  if (candidate_ && candidate_->id == id) return &*candidate_;
  return nullptr;
}

void Rotation::made(Version& version, Key key, std::optional<Tick> ends) {
  version.key = std::make_shared<const Key>(std::move(key));
  version.ends = ends;
  version.error.reset();
  version.failures = 0;
  if (version.state == CandidateState::kProving) {
    version.reason.clear();
    version.why.clear();
  }
  version.refused = false;
}

void Rotation::failed(Version& version, const Error& error, WallTime now) {
  version.error = error;
  ++version.failures;
  if (!candidate_ || version.id != candidate_->id) return;
  if (error.kind == ErrorKind::kDenied) {
    reject(std::string(to_string(PauseReason::kAuthRejected)), error.message, now);
  } else if (version.state == CandidateState::kProving) {
    // A redirect, a login page, an endpoint that is down: this says nothing about the credential.
    const bool misconfigured = error.kind == ErrorKind::kInvalid;
    version.reason = misconfigured ? to_string(PauseReason::kMisconfigured) : "";
    version.why = error.message;
  }
}

void Rotation::used(uint64_t id, WallTime now) {
  if (Version* sent = version(id)) {
    sent->last_used = now;
  } else if (previous_ && id == previous_id_) {
    previous_->last_used = now;
  }
}

KeyPointer Rotation::use(Version& version, WallTime now) {
  version.last_used = now;
  return version.key;
}

Result<KeyPointer> Rotation::take(Tick now, WallTime wall) {
  // At most one request at a time carries the candidate. If the new credential is wrong, only that
  // one request is refused, and it is resent with the credential in use.
  if (candidate_ && candidate_->usable(now) && riding_ == nullptr) {
    riding_ = use(*candidate_, wall);
    return riding_;
  }
  if (!in_use_ || !in_use_->usable(now)) return nothing_to_take();
  return use(*in_use_, wall);
}

Result<KeyPointer> Rotation::nothing_to_take() const {
  if (!in_use_) return fail(ErrorKind::kNotFound, "no credential has been loaded yet");
  if (in_use_->error) return fail(*in_use_->error);
  return fail(ErrorKind::kUnavailable,
              in_use_->key == nullptr
                  ? "no token has been issued yet"
                  : "the token has expired, and no newer one has been issued yet");
}

Rotation::Answered Rotation::answered(const KeyPointer& key, const KeyVerdict& verdict, Tick now,
                                      WallTime wall) {
  Answered result;
  const bool refused = verdict.kind == KeyVerdict::Kind::kRefused;
  const bool rode = riding_ != nullptr && key == riding_;
  if (rode) riding_ = nullptr;
  if (rode && candidate_ && candidate_->key == key) {
    if (verdict.kind == KeyVerdict::Kind::kTaken) {
      result.took_over = true;
      result.opens = !passes(now);
      take_over(wall);
    } else if (refused) {
      result.rejected = candidate_->state != CandidateState::kRejected;
      ++candidate_->refusals;
      reject(verdict.reason, verdict.message, wall);
      result.refused = &*candidate_;
      result.newly = true;
      if (in_use_ && in_use_->usable(now)) result.again = use(*in_use_, wall);
    }
    return result;
  }
  if (in_use_ && key == in_use_->key) {
    if (refused) {
      result.refused = &*in_use_;
      result.newly = !std::exchange(in_use_->refused, true);
      in_use_->refusals += result.newly ? 1 : 0;
    }
    if (verdict.kind == KeyVerdict::Kind::kTaken) {
      in_use_->refused = false;
      in_use_->refusals = 0;
    }
    return result;
  }
  // The request was sent with a key that has been replaced since.
  if (refused && passes(now)) result.again = use(*in_use_, wall);
  return result;
}

void Rotation::reject(const std::string& reason, const std::string& why, WallTime now) {
  candidate_->key = nullptr;
  candidate_->reason = reason;
  candidate_->why = why;
  if (std::exchange(candidate_->state, CandidateState::kRejected) != CandidateState::kRejected) {
    candidate_->since = now;
  }
}

void Rotation::take_over(WallTime now) {
  if (in_use_) {
    previous_ = {fingerprint_beside(*in_use_->secret, *candidate_->secret), in_use_->last_used};
    previous_id_ = in_use_->id;
  }
  in_use_ = std::exchange(candidate_, std::nullopt);
  in_use_->since = now;
  in_use_->refused = false;
  in_use_->refusals = 0;
  in_use_->why.clear();
}

report::CredentialInUse Rotation::report(report::CredentialKind kind) const {
  report::CredentialInUse said{.kind = kind, .previous = previous_};
  if (!in_use_) return said;
  said.since = in_use_->since;
  said.expires = in_use_->secret->expires;
  if (in_use_->error) said.why = in_use_->error->message;
  said.identity = in_use_->secret->identity;
  if (candidate_) {
    said.candidate = report::CandidateCredential{
        .fingerprint = fingerprint_beside(*candidate_->secret, *in_use_->secret),
        .state = candidate_->state,
        .reason = candidate_->reason,
        .why = candidate_->why,
        .since = candidate_->since};
  }
  return said;
}

}  // namespace dualtrace::agent
