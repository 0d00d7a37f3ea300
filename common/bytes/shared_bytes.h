// SPDX-License-Identifier: Apache-2.0
#pragma once
// SharedBytes: immutable bytes with several owners; the last one frees them. SharedByteChain: a
// sequence of such bytes that reads as one. A request's payload is a SharedBytes from the journal
// to the destinations, and a batch is a SharedByteChain of payloads: merging copies nothing.
// Immutable.

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dualtrace {

class SharedBytes {
 public:
  SharedBytes() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): a string is moved in to be shared
  SharedBytes(std::string bytes) : bytes_(std::make_shared<const std::string>(std::move(bytes))) {}

  // NOLINTNEXTLINE(google-explicit-constructor): reading stays simple
  operator std::string_view() const { return view(); }
  [[nodiscard]] std::string_view view() const { return bytes_ ? *bytes_ : std::string_view(); }
  [[nodiscard]] const char* data() const { return view().data(); }
  [[nodiscard]] size_t size() const { return view().size(); }
  [[nodiscard]] bool empty() const { return view().empty(); }
  // Whether both are the same bytes in memory, not just equal ones.
  [[nodiscard]] bool is(const SharedBytes& other) const { return bytes_ == other.bytes_; }

  // Observes whether the bytes still have an owner, without being one.
  using Watch = std::weak_ptr<const std::string>;
  [[nodiscard]] Watch watch() const { return bytes_; }
  // nullopt if they have no owner.
  [[nodiscard]] static std::optional<SharedBytes> held(const Watch& watch) {
    SharedBytes shared;
    shared.bytes_ = watch.lock();
    return shared.bytes_ ? std::optional(std::move(shared)) : std::nullopt;
  }

  template <std::convertible_to<std::string_view> Bytes>
  friend bool operator==(const SharedBytes& a, const Bytes& b) {
    return a.view() == std::string_view(b);
  }

 private:
  std::shared_ptr<const std::string> bytes_;
};

class SharedByteChain {
 public:
  SharedByteChain() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): a chain of one
  SharedByteChain(std::string bytes) : SharedByteChain(SharedBytes(std::move(bytes))) {}
  // NOLINTNEXTLINE(google-explicit-constructor): a chain of one
  SharedByteChain(SharedBytes bytes) { append(std::move(bytes)); }

  void append(SharedBytes bytes);
  [[nodiscard]] std::span<const SharedBytes> parts() const { return parts_; }
  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  // A contiguous copy.
  [[nodiscard]] std::string joined() const;
  // Whether both consist of the same parts in memory.
  [[nodiscard]] bool is(const SharedByteChain& other) const;

 private:
  std::vector<SharedBytes> parts_;
  size_t size_ = 0;
};

}  // namespace dualtrace
