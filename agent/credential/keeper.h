// SPDX-License-Identifier: Apache-2.0
#pragma once
// Keeper: the Keyring of one destination. It looks at the files of its credential, has keys made of
// them ahead of need, and lets a changed one prove itself (Rotation) before it takes over.
//
// Flow: files → version → key (KeyMaker) → requests. A token is refreshed at a random
//   moment well before it ends, so that a fleet that started together does not ask together.
// Guarantees: take() and answered() wait for nothing and nobody; of each version one key at a time
//   is being made. What nobody refused serves on, whatever becomes of its files.
// Limits: a refused credential is tried again ever more rarely, and at once when its files change;
//   a token that the destination refuses is replaced once immediately, then as rarely.
// take(), answered() and the reports are thread-safe; the rest happens on the scheduler.

#include <functional>
#include <map>
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

struct KeeperOptions {
  report::CredentialKind kind = report::CredentialKind::kToken;
  Duration look_interval = std::chrono::seconds(10);
  // While requests wait for a key.
  Backoff urgent{.base = std::chrono::seconds(1), .max = std::chrono::seconds(30)};
  // While the one in use is good for some time.
  Backoff calm{.base = std::chrono::seconds(5), .max = std::chrono::minutes(5)};
  // What is refused, whoever refuses it.
  Backoff refused{.base = std::chrono::seconds(30), .max = std::chrono::minutes(5)};
};

class Keeper final : public Keyring {
 public:
  struct Parts {
    SecretFiles files;
    KeyMaker& maker;
    Scheduler& scheduler;
    Random random;
    // Requests may pass that did not: called on the scheduler.
    std::function<void()> opened;
  };
  // The references outlive it. The scheduler is stopped, and the maker is gone, before it is
  // destroyed.
  Keeper(const KeeperOptions& options, Parts parts);
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  // Looks at the files, and from now on does so by itself. Called before anything else is.
  void start();

  Result<KeyPointer> take() override;
  KeyPointer answered(const KeyPointer& key, const KeyVerdict& verdict) override;

  [[nodiscard]] report::CredentialInUse in_use() const;
  // Each file as it was found last, with the fingerprint of what is in use of it.
  [[nodiscard]] std::vector<report::Credential> files() const;

  // How long after a token was issued it is refreshed.
  [[nodiscard]] static Duration refresh_after(Duration lifetime, Random& random);

 private:
  using Version = Rotation::Version;

  void look_again();
  void look();
  void make(uint64_t id);
  void on_made(uint64_t id, Tick asked, Result<MadeKey> made);
  // Makes a key of that version after the delay, unless another plan is made until then.
  void plan(uint64_t id, Duration delay);
  // A request was refused with a key of that version.
  void on_refused(uint64_t id, bool fetch_anew);
  [[nodiscard]] Duration delay_after(const Version& version, const Error& error)
      DT_REQUIRES(mutex_);

  const KeeperOptions options_;
  const SecretFiles secret_files_;
  KeyMaker& maker_;
  Scheduler& scheduler_;
  const std::function<void()> opened_;

  // The scheduler's only.
  struct Plan {
    uint64_t number = 0;  // of the plan in force
    bool making = false;
    bool again = false;  // the files changed meanwhile
  };
  std::map<uint64_t, Plan> plans_;  // by version
  uint64_t plans_made_ = 0;

  mutable Mutex mutex_;
  Random random_ DT_GUARDED_BY(mutex_);
  Rotation rotation_ DT_GUARDED_BY(mutex_);
  std::vector<report::Credential> found_ DT_GUARDED_BY(mutex_);
};

}  // namespace dualtrace::agent
