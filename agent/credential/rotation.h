// SPDX-License-Identifier: Apache-2.0
#pragma once
// Rotation: the credential in use and the changed one that is to take its place. Pure state; Keeper
// gives it time, keys and a lock.
//
// Guarantees: a changed credential rides on one request at a time, while all others go on with the
//   one in use; only an answer to that request lets it take over. A key that is replaced stays what
//   its requests in flight were sent with: when it is refused then, they go out again.
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
  // One version of the Secret on its way.
  struct Version {
    uint64_t id = 0;
    SecretPointer secret;
    KeyPointer key;              // nullptr: none was made, or it was given up
    std::optional<Tick> ends;    // of the key
    std::optional<Error> error;  // why there is no newer key
    uint32_t failures = 0;       // in a row, to make a key
    uint32_t refusals = 0;       // of its keys by the destination, since one was taken
    bool refused = false;        // its key is
    std::optional<WallTime> since;
    std::optional<WallTime> last_used;
    // A candidate's.
    report::CandidateState state = report::CandidateState::kProving;
    std::string reason;
    std::string why;

    [[nodiscard]] bool usable(Tick now) const { return key != nullptr && (!ends || now < *ends); }
  };
  struct Answered {
    KeyPointer again;                  // send the request again with this
    const Version* refused = nullptr;  // whose key is refused…
    bool newly = false;                // …for the first time
    bool rejected = false;             // the candidate is, which was not before
    bool took_over = false;            // the candidate is in use now…
    bool opens = false;                // …and the one before did not pass any more
  };

  // The files hold this. Returns the version that wants a key because of it; 0: nothing changed
  // that matters.
  uint64_t found(const SecretPointer& secret, WallTime now);
  // nullptr when it is gone.
  [[nodiscard]] Version* version(uint64_t id);
  static void made(Version& version, Key key, std::optional<Tick> ends);
  void failed(Version& version, const Error& error, WallTime now);

  Result<KeyPointer> take(Tick now, WallTime wall);
  Answered answered(const KeyPointer& key, const KeyVerdict& verdict, Tick now, WallTime wall);

  [[nodiscard]] const std::optional<Version>& in_use() const { return in_use_; }
  [[nodiscard]] const std::optional<Version>& candidate() const { return candidate_; }
  // Whether the next request would go out with the credential in use, as far as is known.
  [[nodiscard]] bool passes(Tick now) const {
    return in_use_ && in_use_->usable(now) && !in_use_->refused;
  }
  [[nodiscard]] report::CredentialInUse report(report::CredentialKind kind) const;

 private:
  [[nodiscard]] Version fresh(const SecretPointer& secret, WallTime now);
  void reject(const KeyVerdict& verdict, WallTime now);
  void take_over(WallTime now);
  [[nodiscard]] Result<KeyPointer> nothing_to_take() const;

  std::optional<Version> in_use_;
  std::optional<Version> candidate_;
  KeyPointer riding_;  // the candidate's key while a request is under way with it
  std::optional<report::PreviousCredential> previous_;
  uint64_t last_id_ = 0;
};

}  // namespace dualtrace::agent
