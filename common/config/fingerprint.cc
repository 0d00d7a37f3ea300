// SPDX-License-Identifier: Apache-2.0
#include "common/config/fingerprint.h"

#include "common/bytes/sha256.h"

namespace dualtrace {
namespace {

constexpr size_t kDigits = 12;

// Named values, one per line, so that the result does not depend on the layout of a struct.
class NamedValues {
 public:
  void add(std::string_view name, std::string_view value) {
    // With its length, so that no value can imitate two.
    text_ +=
        std::string(name) + " " + std::to_string(value.size()) + " " + std::string(value) + "\n";
  }
  void add(std::string_view name, uint64_t value, uint64_t fallback) {
    if (value != fallback) add(name, std::to_string(value));
  }
  void add(std::string_view name, std::chrono::milliseconds value,
           std::chrono::milliseconds fallback) {
    if (value != fallback) add(name, std::to_string(value.count()) + "ms");
  }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

void add_limits(const ReceiverLimits& limits, NamedValues& values) {
  const ReceiverLimits standard;
  values.add("receiver.limits.requestBytes", limits.request_bytes, standard.request_bytes);
  values.add("receiver.limits.memoryBytes", limits.memory_bytes, standard.memory_bytes);
  values.add("receiver.limits.connections", limits.connections, standard.connections);
  values.add("receiver.limits.streams", limits.streams, standard.streams);
  values.add("receiver.limits.headerBytes", limits.header_bytes, standard.header_bytes);
  values.add("receiver.limits.resetsPerSecond", limits.resets_per_second,
             standard.resets_per_second);
  values.add("receiver.limits.idleTimeout", limits.idle_timeout, standard.idle_timeout);
  values.add("receiver.limits.headerTimeout", limits.header_timeout, standard.header_timeout);
  values.add("receiver.limits.bodyTimeout", limits.body_timeout, standard.body_timeout);
  values.add("receiver.limits.bodyPace", limits.body_pace, standard.body_pace);
}

void add_receiver(const ReceiverConfig& receiver, NamedValues& values) {
  const ReceiverConfig standard;
  if (receiver.listen != standard.listen) {
    for (const HostPort& address : receiver.listen) {
      values.add("receiver.listen", address.to_string());
    }
  }
  if (receiver.tls) {
    values.add("receiver.tls.certificateFile", receiver.tls->certificate_file);
    values.add("receiver.tls.keyFile", receiver.tls->key_file);
    values.add("receiver.tls.clientCAFile", receiver.tls->client_ca_file);
  }
  values.add("receiver.threads", receiver.threads, standard.threads);
  add_limits(receiver.limits, values);
}

void add_delivery(const DeliveryConfig& delivery, NamedValues& values) {
  const DeliveryConfig standard;
  if (delivery.durability == DurabilityMode::kMemory) values.add("delivery.durability", "Memory");
  if (delivery.folder != standard.folder) values.add("delivery.folder", delivery.folder);
  values.add("delivery.segmentBytes", delivery.segment_bytes, standard.segment_bytes);
  values.add("delivery.commitDelay", delivery.commit_delay, standard.commit_delay);
}

}  // namespace

std::string config_fingerprint(std::string_view yaml) { return sha256_hex(yaml, kDigits); }

std::string restart_fingerprint(const AgentConfig& config) {
  NamedValues values;
  add_receiver(config.receiver, values);
  if (config.observe != ObserveConfig()) {
    values.add("observe.listen", config.observe.listen.to_string());
  }
  add_delivery(config.delivery, values);
  if (config.arize) values.add("destination", "arize");
  if (config.databricks) values.add("destination", "databricks");
  return sha256_hex(values.text(), kDigits);
}

}  // namespace dualtrace
