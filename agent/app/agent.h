// SPDX-License-Identifier: Apache-2.0
#pragma once
// Agent: the composition root, the one place that knows every concrete type. It reads as a list
// "producer → consumer", in the order of the way of a span:
//   Receiver → JournalIntake → Journal → Lane (one a destination) → Exporter
// main.cc starts it, waits for a signal and stops it. In between it follows its configuration's
// file (config_watch.h).
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
  // Ready to take spans when it returns. Fails fast on what a person must mend: folder, addresses,
  // TLS files, a space id that cannot be one. `loaded` is from `file`, whose file system outlives
  // the agent.
  static Result<std::unique_ptr<Agent>> start(const LoadedConfig& loaded, const ConfigFile& file,
                                              std::string version);
  virtual ~Agent() = default;

  // Stops accepting, answers what was begun, lets the lanes drain until drainTimeout, keeps
  // the rest in the journal. Idempotent; the destructor does the same without draining.
  virtual void stop() = 0;
  [[nodiscard]] virtual std::vector<uint16_t> receiver_ports() const = 0;
  [[nodiscard]] virtual uint16_t observe_port() const = 0;
};

}  // namespace dualtrace::agent
