// SPDX-License-Identifier: Apache-2.0
#pragma once
// ConnectionFiles: judges the files that one destination's connections are made with: the
// certificates to trust, and the credential for a proxy. Whoever opens a connection reads them
// itself, perhaps hours later; this reports at the start and after each change, spans or not,
// whether they can be used. It holds nothing back.
// found() is thread-safe; the rest happens on the scheduler.

#include <functional>
#include <string>
#include <vector>

#include "common/config/credential_part.h"
#include "common/io/file_system.h"
#include "common/report/report.h"
#include "common/sync/mutex.h"
#include "common/time/scheduler.h"

namespace dualtrace::agent {

class ConnectionFiles {
 public:
  struct File {
    CredentialPart part = CredentialPart::kAuthority;
    std::string path{};
  };
  struct Parts {
    std::vector<File> wanted;
    FileSystem& files;
    Scheduler& scheduler;
    Duration look_interval = std::chrono::seconds(10);
    // Called on the scheduler after a change: a connection that failed before may now succeed.
    std::function<void()> changed;
  };
  // The references outlive the object, except that the scheduler is stopped before it is destroyed.
  explicit ConnectionFiles(Parts parts);
  ConnectionFiles(const ConnectionFiles&) = delete;
  ConnectionFiles& operator=(const ConnectionFiles&) = delete;

  // Reads the files and starts to check them periodically.
  void start();

  // In the order of the wanted files; never with any of their contents.
  [[nodiscard]] std::vector<report::ConnectionFile> found() const;

 private:
  // The last verdict, and the content that it is about.
  struct Judged {
    std::string digest{};
    report::ConnectionFile verdict{};
  };

  // Whether anything has changed.
  bool look();
  void look_again();
  // The verdict of the last look, if the content is still the same.
  [[nodiscard]] Judged judge(const File& file, const Judged& before) const;

  const Parts parts_;
  mutable Mutex mutex_;
  std::vector<Judged> judged_ DT_GUARDED_BY(mutex_);
};

}  // namespace dualtrace::agent
