// SPDX-License-Identifier: Apache-2.0
#pragma once
// EventRecorder: writes events.k8s.io/v1 Events about an object. Equal events within six minutes
// become one with a series, as in client-go. Events are for people: an event that cannot be written
// is dropped and counted, and never delays anything.
// Thread-safe. Writes happen on its own thread.

#include <memory>
#include <string>

#include "common/kube/api.h"
#include "common/metric/metric.h"
#include "common/random/random.h"
#include "common/time/clock.h"

namespace dualtrace::kube {

// All members are compared: two equal ones are one event that happened twice.
struct Event {
  enum class Type { kNormal, kWarning };

  Json regarding;  // an ObjectReference: apiVersion, kind, namespace, name, uid
  Type type = Type::kNormal;
  std::string reason;  // CamelCase, at most 128 bytes
  std::string action;  // CamelCase: what was being done
  std::string note;    // for people; cut at 1 kB
};

// The ObjectReference to an object.
[[nodiscard]] Json reference_to(const Json& object);

class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void record(Event event) = 0;
};

class EventRecorder final : public EventSink {
 public:
  struct Options {
    std::string controller;  // "dualtrace-operator"
    std::string instance;    // at most 128 bytes
    size_t queue_max = 1000;
  };
  // The references outlive it.
  EventRecorder(Options options, Api& api, Clock& clock, MetricRegistry& metrics);
  ~EventRecorder() override;
  EventRecorder(const EventRecorder&) = delete;
  EventRecorder& operator=(const EventRecorder&) = delete;

  void record(Event event) override;

 private:
  class Body;
  const std::unique_ptr<Body> body_;
};

}  // namespace dualtrace::kube
