// SPDX-License-Identifier: Apache-2.0
#pragma once
// StatusWriter: writes the status of an export if it has changed: a change of state immediately,
// numbers and times that change all the time at intervals, and never a status that is already
// there. Events then report which conditions changed. If an export was stored with types that
// differ from the current schema, the API server rejects every write of its status: then only
// events report the problem. Thread-safe for different memories.

#include <optional>
#include <string>

#include "common/error/result.h"
#include "common/kube/api.h"
#include "common/kube/event_recorder.h"
#include "common/metric/metric.h"
#include "common/time/clock.h"

namespace dualtrace::ctl {

// An ObjectReference, even if the cache has not kept the export's type.
[[nodiscard]] Json reference_to_export(const Json& object);

// The last status that was written for one export. Until the cache shows it, it is newer than the
// cache: a status based on an older one would get other transition times, and be written again.
class StatusMemory {
 public:
  // The current status, nullptr if there is none. Valid until this memory or the cached export
  // changes.
  [[nodiscard]] const Json* previous(const Json& cached_export, Tick now);
  // The API server's answer to writing it.
  void written(const Json& answer, Tick now);
  // nullopt: this process has written nothing yet.
  [[nodiscard]] const std::optional<Tick>& written_at() const { return written_at_; }

  // The last status that the API server rejected, since the last one that it accepted.
  std::optional<Json> refused{};

 private:
  std::optional<Json> answer_;  // until the cache shows it
  std::optional<Tick> written_at_;
};

class StatusWriter {
 public:
  // The references outlive it.
  StatusWriter(kube::Api& api, kube::EventSink& events, Clock& clock, MetricRegistry& metrics);

  // `previous` is memory.previous(). Returns when to check again, for numbers that were not
  // written.
  Result<std::optional<Tick>> write(const Json& cached_export, const Json* previous,
                                    const Json& status, StatusMemory& memory) const;
  // Gives up the claim on the export (belonging.h); the rest of its status stays.
  Status release(const Json& cached_export) const;

 private:
  Status put(const Json& cached_export, const Json& status, StatusMemory& memory) const;
  void tell_what_is_refused(const Json& cached_export, const Json& before, const Json& status,
                            StatusMemory& memory) const;
  void tell(const Json& cached_export, const Json& before, const Json& after) const;
  void tell_lost_nodes(const Json& cached_export, const Json& before, const Json& after) const;
  void tell_of_credentials(const Json& cached_export, const Json& before, const Json& after) const;
  void count(const std::string& cause) const;

  kube::Api& api_;
  kube::EventSink& events_;
  Clock& clock_;
  MetricRegistry& metrics_;
};

}  // namespace dualtrace::ctl
