// SPDX-License-Identifier: Apache-2.0
#pragma once
// ExecCredential: the credentials that a program prints, kept until they expire or are rejected.
// Used from one thread, so that at most one instance of the program runs.

#include <optional>
#include <string>

#include "common/kube/api_credential.h"

namespace dualtrace::kube {

class ExecCredential final : public ApiCredential {
 public:
  // `config` has a plugin. A plugin may take a minute; after that it is killed.
  ExecCredential(const ClientConfig& config, FileSystem& files, Clock& clock,
                 Duration time_limit = std::chrono::minutes(1));

  Result<Shown> current() override;
  void refused() override;

 private:
  struct Kept {
    Shown shown;
    std::optional<WallTime> expires;
    Tick since;
  };

  [[nodiscard]] bool is_good(const Kept& kept) const;
  Result<Kept> run();
  Result<Kept> read(const std::string& output) const;
  [[nodiscard]] std::string cluster_info() const;

  const ClientConfig config_;
  const ExecPlugin plugin_;
  FileSystem& files_;
  Clock& clock_;
  const Duration time_limit_;
  std::optional<Kept> kept_;
  bool refused_ = false;
};

}  // namespace dualtrace::kube
