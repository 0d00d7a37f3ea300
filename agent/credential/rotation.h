// SPDX-License-Identifier: Apache-2.0
#pragma once
// Rotation: the credential in use, and the candidate that will replace it. State only; Keeper
// supplies the time, the keys and the lock.
//
// Guarantees: one request at a time carries the candidate, while all others use the credential in
//   use; the candidate takes over only after that request succeeds. If a replaced key is refused,
//   the requests that were in flight with it are resent with the new one.
// Used from one thread at a time.

#include <cstdint>
#include <optional>

#include "agent/credential/key_maker.h"
#include "agent/credential/keyring.h"
#include "agent/credential/secret_files.h"
#include "common/report/report.h"

namespace dualtrace::agent {

class Rotation {
 public:
  // One version of the Secret.
  struct Version {
    uint64_t id = 0;
    SecretPointer secret;
    KeyPointer key;              // nullptr: not made yet, or dropped
    std::optional<Tick> ends;    // of the key
    std::optional<Error> error;  // why there is no newer key
    uint32_t failures = 0;       // consecutive failures to make a key
    uint32_t refusals = 0;       // of its keys by the destination, since one was accepted
    bool refused = false;        // the destination refused its key
    std::optional<WallTime> since;
    std::optional<WallTime> last_used;
    // Candidate only.
    report::CandidateState state = report::CandidateState::kProving;
    std::string reason;  // a PauseReason: why it is rejected, or cannot be tried
    std::string why;

    [[nodiscard]] bool usable(Tick now) const { return key != nullptr && (!ends || now < *ends); }
  };
  // What is left to the rotation that replaces this one. The candidate is not part of it: the new
  // rotation finds it in the files and proves it again.
  struct Legacy {
    std::optional<Version> in_use{};
    std::optional<report::PreviousCredential> previous{};
  };
  struct Answered {
    KeyPointer again;                  // resend the request with this key
    const Version* refused = nullptr;  // the version whose key was refused…
    bool newly = false;                // …for the first time
    bool rejected = false;             // the candidate was rejected, for the first time
    bool took_over = false;            // the candidate is now in use…
    bool opens = false;                // …and the previous one no longer passed
  };

  // Call it before any other function.
  void inherit(Legacy legacy);
  [[nodiscard]] Legacy legacy() const { return {in_use_, previous_}; }

  // Call it with the contents of the files at each look; nullptr: not all are usable. Returns the
  // version that needs a key because of a change; 0: no relevant change.
  uint64_t found(const SecretPointer& secret, WallTime now);
  // nullptr if that version no longer exists.
  [[nodiscard]] Version* version(uint64_t id);
  static void made(Version& version, Key key, std::optional<Tick> ends);
  void failed(Version& version, const Error& error, WallTime now);
  // The secret itself was sent, to get a token. The version may have been replaced since.
  void used(uint64_t id, WallTime now);

  Result<KeyPointer> take(Tick now, WallTime wall);
  Answered answered(const KeyPointer& key, const KeyVerdict& verdict, Tick now, WallTime wall);

  [[nodiscard]] const std::optional<Version>& in_use() const { return in_use_; }
  [[nodiscard]] const std::optional<Version>& candidate() const { return candidate_; }
  // Whether a request with the credential in use would be sent and, as far as is known, accepted.
  [[nodiscard]] bool passes(Tick now) const {
    return in_use_ && in_use_->usable(now) && !in_use_->refused;
  }
  [[nodiscard]] report::CredentialInUse report(report::CredentialKind kind) const;

 private:
  [[nodiscard]] Version fresh(const SecretPointer& secret, WallTime now);
  // Of a version that exists, for a request that is sent now.
  static KeyPointer use(Version& version, WallTime now);
  void reject(const std::string& reason, const std::string& why, WallTime now);
  void take_over(WallTime now);
  [[nodiscard]] Result<KeyPointer> nothing_to_take() const;

  std::optional<Version> in_use_;
  std::optional<Version> candidate_;
  KeyPointer riding_;  // the candidate's key while a request carries it
  std::optional<report::PreviousCredential> previous_;
  uint64_t previous_id_ = 0;
  SecretPointer seen_;  // at the last look
  uint64_t last_id_ = 0;
};

}  // namespace dualtrace::agent
