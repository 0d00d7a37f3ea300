// SPDX-License-Identifier: Apache-2.0
#include "common/config/value_reader.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "common/config/value.h"
#include "common/error/check.h"

namespace dualtrace {
namespace {

const SchemaKey& schema_key(std::string_view path) {
  const SchemaKey* key = find_key(path);
  DT_CHECK(key != nullptr);
  return *key;
}

std::string either(std::span<const std::string_view> choices) {
  std::string all;
  for (const std::string_view choice : choices) {
    if (!all.empty()) all += choice == choices.back() ? " or " : ", ";
    all += choice;
  }
  return all;
}

}  // namespace

const std::string* ValueReader::text(std::string_view path) const {
  const auto found = raw_.texts.find(path);
  return found == raw_.texts.end() ? nullptr : &found->second;
}

void ValueReader::fault(std::string_view path, std::string message) {
  faults_.push_back({std::string(path), std::move(message)});
}

void ValueReader::rule(std::initializer_list<std::string_view> paths, bool holds,
                       std::string_view message) {
  if (holds) return;
  const bool faulty = std::any_of(faults_.begin(), faults_.end(), [&](const ConfigFault& fault) {
    return std::find(paths.begin(), paths.end(), fault.path) != paths.end();
  });
  if (!faulty) fault(*paths.begin(), std::string(message));
}

void ValueReader::require(std::string_view path, std::string_view message) {
  rule({path}, has(path), "missing; " + std::string(message));
}

template <typename T>
std::optional<T> ValueReader::bounded(std::string_view path, Result<T> (*parse)(std::string_view)) {
  const std::string* written = text(path);
  if (written == nullptr) return std::nullopt;
  const Result<T> value = parse(*written);
  if (!value) {
    fault(path, value.error().message);
    return std::nullopt;
  }
  const SchemaKey& key = schema_key(path);
  if (*value < parse(key.least).value() || *value > parse(key.most).value()) {
    fault(path, "must be between " + std::string(key.least) + " and " + std::string(key.most));
    return std::nullopt;
  }
  return *value;
}

void ValueReader::read_size(std::string_view path, uint64_t& into) {
  into = bounded(path, parse_size).value_or(into);
}

void ValueReader::read_size(std::string_view path, uint32_t& into) {
  into = static_cast<uint32_t>(bounded(path, parse_size).value_or(into));
}

void ValueReader::read_share(std::string_view path, DiskShare& into) {
  const std::string* written = text(path);
  if (written == nullptr) return;
  const Result<DiskShare> share = parse_disk_share(*written);
  if (expect(path, share)) into = *share;
}

void ValueReader::read_count(std::string_view path, uint32_t& into) {
  into = static_cast<uint32_t>(bounded(path, parse_count).value_or(into));
}

void ValueReader::read_duration(std::string_view path, std::chrono::milliseconds& into) {
  into = bounded(path, parse_duration).value_or(into);
}

void ValueReader::read_duration(std::string_view path, std::chrono::seconds& into) {
  const auto value = bounded(path, parse_duration);
  if (!value) return;
  into = std::chrono::floor<std::chrono::seconds>(*value);
  if (into != *value) fault(path, "must be whole seconds");
}

void ValueReader::read_file(std::string_view path, std::string& into) {
  const std::string* written = text(path);
  if (written == nullptr) return;
  if (written->empty()) return fault(path, "expected the path of a file");
  into = (folder_ / *written).lexically_normal().string();
}

Result<HostPort> ValueReader::parse_address(std::string_view text) {
  constexpr std::string_view kExpected =
      "expected an IP address and port such as 127.0.0.1:4317 or [::]:4317";
  auto parsed = parse_host_port(text, 0);
  if (!parsed) return fail(ErrorKind::kInvalid, std::string(kExpected));
  std::array<unsigned char, sizeof(in6_addr)> address{};
  if (inet_pton(AF_INET, parsed->host.c_str(), address.data()) != 1 &&
      inet_pton(AF_INET6, parsed->host.c_str(), address.data()) != 1) {
    return fail(ErrorKind::kInvalid, std::string(kExpected));
  }
  return parsed;
}

void ValueReader::read_address(std::string_view path, HostPort& into) {
  const std::string* written = text(path);
  if (written == nullptr) return;
  auto parsed = parse_address(*written);
  if (!parsed) return fault(path, parsed.error().message);
  into = *std::move(parsed);
}

std::optional<size_t> ValueReader::choice(std::string_view path) {
  const std::string* written = text(path);
  if (written == nullptr) return std::nullopt;
  const auto choices = schema_key(path).choices;
  const auto found = std::find(choices.begin(), choices.end(), *written);
  if (found == choices.end()) {
    fault(path, "expected " + either(choices));
    return std::nullopt;
  }
  return static_cast<size_t>(found - choices.begin());
}

}  // namespace dualtrace
