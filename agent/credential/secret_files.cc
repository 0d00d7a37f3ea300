// SPDX-License-Identifier: Apache-2.0
#include "agent/credential/secret_files.h"

#include <algorithm>

#include "agent/credential/jwt.h"
#include "common/config/credential_text.h"

namespace dualtrace::agent {
namespace {

using report::CredentialState;

constexpr size_t kBytesMax = 64 * 1024;
constexpr int kLooksMax = 4;

std::string identity_fingerprint(const report::TokenIdentity& identity) {
  std::string text = identity.issuer + "\n" + identity.subject;
  for (const std::string& audience : identity.audiences) text += "\n" + audience;
  return credential_fingerprint(text);
}

void add(SecretVersion& secret, CredentialPart part, std::string value) {
  secret.fingerprints.push_back(credential_fingerprint(value));
  if (const auto claims = read_jwt(value)) {
    if (part == CredentialPart::kToken) secret.expires = claims->expires;
    if (part == CredentialPart::kProjectedToken) {
      secret.identity = {claims->issuer, claims->subject, claims->audiences};
      secret.fingerprints.back() = identity_fingerprint(*secret.identity);
    }
  }
  secret.values.push_back(std::move(value));
}

std::string about(const SecretFile& file) { return "credential file " + file.path + ": "; }

Status check(const SecretFile& file, const std::string& text) {
  if (text.empty()) return fail(ErrorKind::kInvalid, "is empty; put the value into the Secret");
  return file.check(text);
}

bool are_equal(const SecretLook& a, const SecretLook& b) {
  if (a.found != b.found || !a.secret != !b.secret) return false;
  return !a.secret || a.secret->values == b.secret->values;
}

}  // namespace

// The kubelet replaces all files of a Secret at once, but perhaps between two of our reads. What is
// read twice in a row was there as a whole.
SecretLook SecretFiles::look() const {
  SecretLook look = look_once();
  if (wanted_.size() == 1) return look;
  for (int looks = 1; looks < kLooksMax; ++looks) {
    SecretLook again = look_once();
    if (are_equal(look, again)) return look;
    look = std::move(again);
  }
  look.secret = nullptr;  // the files keep changing
  return look;
}

SecretLook SecretFiles::look_once() const {
  SecretLook look;
  SecretVersion secret;
  for (const SecretFile& file : wanted_) {
    report::Credential& found = look.found.emplace_back();
    found.part = file.part;
    found.state = CredentialState::kLoaded;
    Result<std::string> text = read(file);
    if (!text) {
      const bool missing = text.error().kind == ErrorKind::kNotFound;
      found.state = missing ? CredentialState::kMissing : CredentialState::kUnusable;
      found.why = about(file) + text.error().message;
    } else if (const Status checked = check(file, *text); !checked) {
      found.state = CredentialState::kUnusable;
      found.why = about(file) + checked.error().message;
      found.unusable_fingerprint = credential_fingerprint(*text);
    } else {
      add(secret, file.part, *std::move(text));
    }
  }
  if (secret.values.size() == wanted_.size()) {
    look.secret = std::make_shared<const SecretVersion>(std::move(secret));
  }
  return look;
}

Result<std::string> SecretFiles::read(const SecretFile& file) const {
  const auto content = read_file(files_, file.path, kBytesMax);
  if (content) return std::string(trim_secret(*content));
  if (content.error().kind != ErrorKind::kExhausted) return fail(content.error());
  return fail(ErrorKind::kExhausted, "larger than 64 KiB");
}

Status check_projected_token(std::string_view text) {
  // This token is sent only to the token endpoint and has its own audience.
  if (const Status checked = check_single_value(text); !checked) return checked;
  const auto claims = read_jwt(text);
  if (claims && !claims->issuer.empty() && !claims->subject.empty()) return {};
  return fail(ErrorKind::kInvalid,
              "is not a ServiceAccount token (a JWT with an issuer and a subject); mount a "
              "projected token there");
}

}  // namespace dualtrace::agent
