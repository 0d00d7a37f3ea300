// SPDX-License-Identifier: Apache-2.0
#pragma once
// SecretFiles: what lies in the files of one destination's credential (keys of a mounted Secret, or
// a projected token), read whole: either every part can be used or there is no version of it.
// Nothing of it reaches a log, an error text or a metric; fingerprints tell versions apart.
// Used from one thread; a SecretVersion is immutable.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/error/result.h"
#include "common/io/file_system.h"
#include "common/report/report.h"

namespace dualtrace::agent {

// Says of a text without surrounding white space whether it can be the credential; its error does
// not repeat the text.
using CheckCredential = Status (*)(std::string_view text);

struct SecretFile {
  report::CredentialPart part = report::CredentialPart::kToken;
  std::string path{};
  CheckCredential check = nullptr;
};

struct SecretVersion {
  std::vector<std::string> values{};        // in the order of the files, without white space around
  std::vector<std::string> fingerprints{};  // of each; of a projected token, that of its identity
  // Of a projected token, which changes every hour by itself and stays the same credential.
  std::optional<report::TokenIdentity> identity{};
  std::optional<WallTime> expires{};  // where the credential itself shows it

  [[nodiscard]] bool is_same_credential(const SecretVersion& other) const {
    return fingerprints == other.fingerprints;
  }
};
using SecretPointer = std::shared_ptr<const SecretVersion>;

struct SecretLook {
  std::vector<report::Credential> found{};  // each file; no fingerprints
  SecretPointer secret{};                   // nullptr unless every file can be used
};

class SecretFiles {
 public:
  // The one that people know the credential by first. `files` outlives it.
  SecretFiles(std::vector<SecretFile> wanted, FileSystem& files)
      : wanted_(std::move(wanted)), files_(files) {}

  [[nodiscard]] SecretLook look() const;

 private:
  Result<std::string> read(const SecretFile& file) const;

  const std::vector<SecretFile> wanted_;
  FileSystem& files_;
};

// Of a projected ServiceAccount token.
Status check_projected_token(std::string_view text);

}  // namespace dualtrace::agent
