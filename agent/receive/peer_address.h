// SPDX-License-Identifier: Apache-2.0
#pragma once
// PeerAddress: where a connection comes from, as IPv6 writes it; IPv4 addresses are mapped.
// Immutable.

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <string_view>

namespace dualtrace::agent {

struct PeerAddress {
  std::array<uint8_t, 16> bytes{};

  [[nodiscard]] static PeerAddress of_ipv4(const std::array<uint8_t, 4>& bytes) {
    PeerAddress address;
    std::copy(kMapped.begin(), kMapped.end(), address.bytes.begin());
    std::copy(bytes.begin(), bytes.end(), address.bytes.begin() + kMapped.size());
    return address;
  }
  [[nodiscard]] bool is_ipv4() const {
    return std::equal(kMapped.begin(), kMapped.end(), bytes.begin());
  }
  // The /64, all addresses of which may belong to one owner.
  [[nodiscard]] PeerAddress network() const {
    PeerAddress network;
    std::copy_n(bytes.begin(), 8, network.bytes.begin());
    return network;
  }
  bool operator==(const PeerAddress&) const = default;

 private:
  static constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
};

struct PeerAddressHash {
  size_t operator()(const PeerAddress& address) const {
    return std::hash<std::string_view>()(
        {reinterpret_cast<const char*>(address.bytes.data()), address.bytes.size()});
  }
};

}  // namespace dualtrace::agent
