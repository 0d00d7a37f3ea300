// SPDX-License-Identifier: Apache-2.0
#pragma once
// Keeper: the Keyring of one destination. It watches the files of the credential, has keys made
// from them before they are needed, and lets a changed credential prove itself (Rotation) before it
// takes over.
//
// Flow: files → version → key (KeyMaker) → requests. A token is refreshed at a random
//   moment well before it expires, so that agents that started together do not refresh together.
// Guarantees: take() and answered() never wait. Of each version, one key is made at a time. A
//   credential that was not refused stays in use, whatever happens to its files.
// Limits: a refused credential is retried with back-off, and immediately when its files change; a
//   refused candidate sooner, once the credential in use does not pass either. A token that the
//   destination refuses is replaced once immediately, then with the same back-off. However short
//   their lifetime, tokens are refreshed at most every five seconds.
// take(), answered() and the reports are thread-safe; the rest happens on the scheduler.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/credential/key_maker.h"
#include "agent/credential/keyring.h"
#include "agent/credential/rotation.h"
#include "agent/credential/secret_files.h"
#include "common/random/random.h"
#include "common/sync/mutex.h"
#include "common/time/backoff.h"
#include "common/time/scheduler.h"

namespace dualtrace::agent {

// What a credential and its keys are for.
struct KeyPurpose {
  report::CredentialKind kind = report::CredentialKind::kToken;
  std::string origin{};  // of the server that the credential itself is sent to, and no other
  std::string scope{};   // whatever else a key is limited to, such as a table
};

struct CredentialLegacy {
  KeyPurpose purpose{};
  Rotation::Legacy rotation{};
};

struct KeeperOptions {
  KeyPurpose purpose{};
  Duration look_interval = std::chrono::seconds(10);
  // Used while requests wait for a key.
  Backoff urgent{.base = std::chrono::seconds(1), .max = std::chrono::seconds(30)};
  // Used while the key in use is still valid.
  Backoff calm{.base = std::chrono::seconds(5), .max = std::chrono::minutes(5)};
  // Used for refused credentials and keys, by the issuer or by the destination.
  Backoff refused{.base = std::chrono::seconds(30), .max = std::chrono::minutes(5)};
};

class Keeper final : public Keyring {
 public:
  struct Parts {
    SecretFiles files;
    KeyMaker& maker;
    Scheduler& scheduler;
    Random random;
    // Called on the scheduler when requests that could not be sent before may now be.
    std::function<void()> opened;
    // From the keeper that this one replaces. A credential of the same kind for the same server
    // stays in use, and the files are proved like any change; its key does, too, if its scope is
    // the same.
    std::optional<CredentialLegacy> legacy{};
  };
  // The references outlive the object, except that the scheduler is stopped and the maker destroyed
  // before the keeper is destroyed.
  Keeper(const KeeperOptions& options, Parts parts);
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  // Reads the files and starts to check them periodically. Call it before any other function.
  void start();

  Result<KeyPointer> take() override;
  KeyPointer answered(const KeyPointer& key, const KeyVerdict& verdict) override;

  [[nodiscard]] report::CredentialInUse in_use() const;
  // The state of each file when it was last read, with the fingerprint of the credential in use.
  [[nodiscard]] std::vector<report::Credential> files() const;

  [[nodiscard]] CredentialLegacy legacy() const;

  // How long after its issue a token is refreshed.
  [[nodiscard]] static Duration refresh_after(Duration lifetime, Random& random);

 private:
  using Version = Rotation::Version;

  // What to request after a look at the files.
  struct Wanted {
    uint64_t key = 0;        // of this version; 0: none
    bool put_right = false;  // a file is no longer missing or unusable, or has become so
  };

  void inherit(CredentialLegacy legacy) DT_REQUIRES(mutex_);
  // Refreshes the inherited key in time, or makes one if there is none.
  void resume();
  void look_again();
  void look() { act_on(read_files()); }
  Wanted read_files();
  void act_on(const Wanted& wanted);
  void make(uint64_t id);
  void on_made(uint64_t id, Tick asked, Result<MadeKey> made);
  // Makes a key of that version after the delay, unless another plan replaces this one.
  void plan(uint64_t id, Duration delay);
  // Gives the candidate its turn soon if the credential in use does not pass.
  void hasten_candidate();
  // A request with a key of that version was refused.
  void on_refused(uint64_t id, bool fetch_anew);
  [[nodiscard]] Duration delay_after(const Version& version, const Error& error)
      DT_REQUIRES(mutex_);

  const KeeperOptions options_;
  const SecretFiles secret_files_;
  KeyMaker& maker_;
  Scheduler& scheduler_;
  const std::function<void()> opened_;

  // Used on the scheduler only.
  struct Plan {
    uint64_t number = 0;  // of the current plan
    Tick due = Tick::max();
    bool making = false;
    bool again = false;  // the files changed in the meantime
  };
  std::map<uint64_t, Plan> plans_;  // by version
  uint64_t plans_made_ = 0;

  mutable Mutex mutex_;
  Random random_ DT_GUARDED_BY(mutex_);
  Rotation rotation_ DT_GUARDED_BY(mutex_);
  std::vector<report::Credential> found_ DT_GUARDED_BY(mutex_);
};

}  // namespace dualtrace::agent
