// SPDX-License-Identifier: Apache-2.0
#pragma once
// SecretFiles: reads the files of one destination's credential (keys of a mounted Secret, or a
// projected token) as a whole: a version exists only if every part is usable. The contents never
// reach a log, an error or a metric; fingerprints distinguish versions. A version never has the old
// value of one file and the new value of another of the same Secret.
// Used from one thread; a SecretVersion is immutable.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/credential_part.h"
#include "common/error/result.h"
#include "common/io/file_system.h"
#include "common/report/report.h"

namespace dualtrace::agent {

struct SecretFile {
  CredentialPart part = CredentialPart::kToken;
  std::string path{};
  CheckCredential check = nullptr;
};

struct SecretVersion {
  std::vector<std::string> values{};        // in the order of the files, trimmed
  std::vector<std::string> fingerprints{};  // of each value; of a projected token, of its identity
  // Only of a projected token: it is renewed every hour but remains the same credential.
  std::optional<report::TokenIdentity> identity{};
  std::optional<WallTime> expires{};  // if the credential itself contains it

  [[nodiscard]] bool is_same_credential(const SecretVersion& other) const {
    return fingerprints == other.fingerprints;
  }
};
using SecretPointer = std::shared_ptr<const SecretVersion>;

struct SecretLook {
  std::vector<report::Credential> found{};  // the state of each file; `fingerprint` is ""
  SecretPointer secret{};                   // nullptr unless every file is usable
};

class SecretFiles {
 public:
  // The file by which people identify the credential comes first. `files` outlives the object.
  SecretFiles(std::vector<SecretFile> wanted, FileSystem& files)
      : wanted_(std::move(wanted)), files_(files) {}

  [[nodiscard]] SecretLook look() const;

 private:
  [[nodiscard]] SecretLook look_once() const;
  // Trimmed, and not checked.
  [[nodiscard]] Result<std::string> read(const SecretFile& file) const;

  const std::vector<SecretFile> wanted_;
  FileSystem& files_;
};

// The check of a projected ServiceAccount token.
Status check_projected_token(std::string_view text);

}  // namespace dualtrace::agent
