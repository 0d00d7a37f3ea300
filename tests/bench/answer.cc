// SPDX-License-Identifier: Apache-2.0
#include <openssl/evp.h>

#include "tests/bench/connection.h"

namespace dualtrace::bench {
namespace {

constexpr int kGrpcResourceExhausted = 8;
constexpr std::string_view kRetryInfo = "google.rpc.RetryInfo";  // the type's name, in an Any

bool is_retryable(int grpc_status) {
  switch (grpc_status) {
    case 1:   // CANCELLED
    case 4:   // DEADLINE_EXCEEDED
    case 10:  // ABORTED
    case 11:  // OUT_OF_RANGE
    case 14:  // UNAVAILABLE
    case 15:  // DATA_LOSS
      return true;
    default:
      return false;
  }
}

std::string decoded(std::string base64) {
  base64.resize((base64.size() + 3) / 4 * 4, '=');  // gRPC omits the padding
  std::string bytes(base64.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(base64.data()),
                                   static_cast<int>(base64.size()));
  return size < 0 ? std::string() : bytes;
}

}  // namespace

Answer answer_of_http(unsigned status, bool has_retry_after) {
  if (status >= 200 && status < 300) return Answer::kOk;
  if (status != 429 && status != 502 && status != 503 && status != 504) return Answer::kFailed;
  return has_retry_after ? Answer::kRefusedWithDelay : Answer::kRefusedWithoutDelay;
}

Answer answer_of_grpc(int status, const std::string& details) {
  if (status == 0) return Answer::kOk;
  const bool delay = decoded(details).find(kRetryInfo) != std::string::npos;
  // RESOURCE_EXHAUSTED is final unless it has a retry delay.
  if (!is_retryable(status) && !(status == kGrpcResourceExhausted && delay)) return Answer::kFailed;
  return delay ? Answer::kRefusedWithDelay : Answer::kRefusedWithoutDelay;
}

}  // namespace dualtrace::bench
