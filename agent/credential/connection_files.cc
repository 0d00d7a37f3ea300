// SPDX-License-Identifier: Apache-2.0
#include "agent/credential/connection_files.h"

#include <utility>

#include "common/bytes/sha256.h"
#include "common/certs/certificate.h"
#include "common/config/credential_text.h"

namespace dualtrace::agent {
namespace {

using report::CredentialState;

// No Secret or ConfigMap is larger. A larger file of another origin is used, but not judged.
constexpr size_t kBytesMax = 1024 * 1024;
constexpr size_t kDigestDigits = 64;

report::ConnectionFile judge_text(const ConnectionFiles::File& file, std::string_view text) {
  report::ConnectionFile verdict{.part = file.part,
                                 .state = CredentialState::kLoaded,
                                 .fingerprint = fingerprint_of(file.part, text)};
  if (const Status checked = check_of(file.part)(text); !checked) {
    verdict.state = CredentialState::kUnusable;
    verdict.why = "file " + file.path + ": " + checked.error().message;
  } else if (file.part == CredentialPart::kAuthority) {
    if (const auto expiry = expiry_of(text)) {
      verdict.expires = expiry->first;
      verdict.all_expired = expiry->last;
    }
  }
  return verdict;
}

}  // namespace

ConnectionFiles::ConnectionFiles(Parts parts)
    : parts_(std::move(parts)), judged_(parts_.wanted.size()) {}

void ConnectionFiles::start() {
  if (parts_.wanted.empty()) return;
  look();
  parts_.scheduler.run_after(parts_.look_interval, [this] { look_again(); });
}

void ConnectionFiles::look_again() {
  if (look()) parts_.changed();
  parts_.scheduler.run_after(parts_.look_interval, [this] { look_again(); });
}

bool ConnectionFiles::look() {
  std::vector<Judged> judged;
  {
    Lock lock(mutex_);
    judged = judged_;
  }
  bool changed = false;
  for (size_t i = 0; i < judged.size(); ++i) {
    Judged now = judge(parts_.wanted[i], judged[i]);
    changed = changed || now.digest != judged[i].digest || now.verdict != judged[i].verdict;
    judged[i] = std::move(now);
  }
  Lock lock(mutex_);
  judged_ = std::move(judged);
  return changed;
}

ConnectionFiles::Judged ConnectionFiles::judge(const File& file, const Judged& before) const {
  const auto content = read_file(parts_.files, file.path, kBytesMax);
  if (content) {
    const std::string_view text = trim_secret(*content);
    std::string digest = sha256_hex(text, kDigestDigits);
    // Of a large bundle, every certificate would be parsed at each look.
    if (digest == before.digest) return before;
    return {std::move(digest), judge_text(file, text)};
  }
  const Error& error = content.error();
  report::ConnectionFile verdict{.part = file.part, .state = CredentialState::kLoaded};
  if (error.kind == ErrorKind::kExhausted) return {{}, std::move(verdict)};
  const bool missing = error.kind == ErrorKind::kNotFound;
  verdict.state = missing ? CredentialState::kMissing : CredentialState::kUnusable;
  verdict.why = "file " + file.path + ": " + error.message;
  return {{}, std::move(verdict)};
}

std::vector<report::ConnectionFile> ConnectionFiles::found() const {
  Lock lock(mutex_);
  std::vector<report::ConnectionFile> found;
  for (const Judged& judged : judged_) found.push_back(judged.verdict);
  return found;
}

}  // namespace dualtrace::agent
