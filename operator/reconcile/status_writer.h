// SPDX-License-Identifier: Apache-2.0
#pragma once
// StatusWriter: writes the status of an export when it has changed: at once when a state has, and
// numbers and times that move all the time every now and then; never a status that is there
// already. After that, events tell people which conditions changed. An export that was stored with
// other types than the schema has now cannot get a status (the API server refuses every write to
// it): then events are all there is. Thread-safe for different memories.

#include <optional>
#include <string>

#include "common/error/result.h"
#include "common/kube/api.h"
#include "common/kube/event_recorder.h"
#include "common/metric/metric.h"
#include "common/time/clock.h"

namespace dualtrace::ctl {

// An ObjectReference, whatever of the export's type the cache has kept.
[[nodiscard]] Json reference_to_export(const Json& object);

// What was written last for one export. Until the cache shows it, it is truer than the cache: a
// status made on top of an older one would get other transition times, and be written again.
class StatusMemory {
 public:
  // The status before the next one, nullptr when there is none. Lives as long as both are not
  // changed.
  [[nodiscard]] const Json* previous(const Json& cached_export, Tick now);
  // The API server's answer to writing it.
  void written(const Json& answer, Tick now);
  // Nothing has been written by this process.
  [[nodiscard]] const std::optional<Tick>& written_at() const { return written_at_; }

  // The status that the API server refused last, since the last one that it took.
  std::optional<Json> refused{};

 private:
  std::optional<Json> answer_;  // until the cache shows it
  std::optional<Tick> written_at_;
};

class StatusWriter {
 public:
  // The references outlive it.
  StatusWriter(kube::Api& api, kube::EventSink& events, Clock& clock, MetricRegistry& metrics);

  // `previous` is memory.previous(). When to look again, for numbers that were not written.
  Result<std::optional<Tick>> write(const Json& cached_export, const Json* previous,
                                    const Json& status, StatusMemory& memory) const;
  // Claims the export no more (belonging.h); the rest of its status stays.
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
