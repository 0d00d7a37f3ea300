// SPDX-License-Identifier: Apache-2.0
#include "agent/receive/rpc_status.h"

#include <openssl/evp.h>

#include <cstdio>

namespace dualtrace::agent {
namespace {

constexpr size_t kMessageBytesMax = 1024;  // clients cap a response's headers at 8 KiB
constexpr char kRetryInfoType[] = "type.googleapis.com/google.rpc.RetryInfo";

std::string printable(std::string_view message) {
  std::string result(message.substr(0, kMessageBytesMax));
  for (char& c : result) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return result;
}

void append_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

// As in proto3, a zero is not written.
void append_number(std::string& out, uint32_t field, uint64_t value) {
  if (value == 0) return;
  append_varint(out, field << 3);
  append_varint(out, value);
}

void append_bytes(std::string& out, uint32_t field, std::string_view bytes) {
  append_varint(out, field << 3 | 2);
  append_varint(out, bytes.size());
  out.append(bytes);
}

std::string retry_info(Duration delay) {
  std::string duration;
  append_number(duration, 1, delay.count() / 1'000'000'000);
  append_number(duration, 2, delay.count() % 1'000'000'000);
  std::string info;
  append_bytes(info, 1, duration);
  return info;
}

std::string json_escaped(std::string_view ascii) {
  std::string result;
  for (const char c : ascii) {
    if (c == '"' || c == '\\') result.push_back('\\');
    result.push_back(c);
  }
  return result;
}

}  // namespace

std::string to_protobuf(const RpcStatus& status) {
  std::string out;
  append_number(out, 1, static_cast<uint64_t>(status.code));
  append_bytes(out, 2, printable(status.message));
  if (status.retry_delay) {
    std::string any;
    append_bytes(any, 1, kRetryInfoType);
    append_bytes(any, 2, retry_info(*status.retry_delay));
    append_bytes(out, 3, any);
  }
  return out;
}

std::string to_json(const RpcStatus& status) {
  std::string out = "{\"code\":" + std::to_string(static_cast<int>(status.code)) +
                    ",\"message\":\"" + json_escaped(printable(status.message)) + '"';
  if (status.retry_delay) {
    const int64_t millis = *status.retry_delay / std::chrono::milliseconds(1);
    char delay[40];
    std::snprintf(delay, sizeof(delay), "%lld.%03llds", static_cast<long long>(millis / 1000),
                  static_cast<long long>(millis % 1000));
    out.append(",\"details\":[{\"@type\":\"").append(kRetryInfoType);
    out.append("\",\"retryDelay\":\"").append(delay).append("\"}]");
  }
  return out + '}';
}

std::string percent_encoded(std::string_view message) {
  std::string out;
  for (const char c : message.substr(0, kMessageBytesMax)) {
    if (c >= 0x20 && c <= 0x7e && c != '%') {
      out.push_back(c);
    } else {
      char escaped[4];
      std::snprintf(escaped, sizeof(escaped), "%%%02X", static_cast<unsigned char>(c));
      out.append(escaped);
    }
  }
  return out;
}

std::string base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');  // OpenSSL ends it with a NUL
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                  reinterpret_cast<const unsigned char*>(bytes.data()),
                  static_cast<int>(bytes.size()));
  out.resize((bytes.size() * 4 + 2) / 3);
  return out;
}

}  // namespace dualtrace::agent
