// SPDX-License-Identifier: Apache-2.0
#pragma once
// Agent: the composition root, the one place that knows every concrete type. It reads as a list of
// "producer → consumer", in the order in which a span passes through:
//   Receiver → JournalIntake → Journal → Lane (one per destination) → Exporter
// main.cc starts it, waits for a signal and stops it. While it runs, it reloads its configuration
// file when that changes (config_watch.h).
// Used from one thread.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "agent/app/config_file.h"
#include "common/error/result.h"

namespace dualtrace::agent {

class Agent {
 public:
  // Ready to receive spans when it returns. Fails fast on anything that a person must fix: the
  // folder, addresses, TLS files, a malformed space id. `loaded` comes from `file`, whose file
  // system outlives the agent.
  static Result<std::unique_ptr<Agent>> start(const LoadedConfig& loaded, const ConfigFile& file,
                                              std::string version);
  virtual ~Agent() = default;

  // Stops accepting requests, answers those that have begun, lets the lanes drain until
  // drainTimeout, and keeps the rest in the journal. Idempotent; the destructor does the same
  // without draining.
  virtual void stop() = 0;
  [[nodiscard]] virtual std::vector<uint16_t> receiver_ports() const = 0;
  [[nodiscard]] virtual uint16_t observe_port() const = 0;
};

}  // namespace dualtrace::agent
