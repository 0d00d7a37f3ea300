// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/answer.h"

#include <utility>

namespace dualtrace::sandbox {
namespace {

// Read in both directions; the first match is used.
constexpr std::pair<int, int> kHttpAndGrpc[] = {
    {200, kGrpcOk},
    {400, kGrpcInvalidArgument},
    {401, kGrpcUnauthenticated},
    {403, kGrpcPermissionDenied},
    {404, kGrpcNotFound},
    {408, 4},
    {429, kGrpcResourceExhausted},
    {413, kGrpcResourceExhausted},
    {501, kGrpcUnimplemented},
    {500, kGrpcInternal},
    {503, kGrpcUnavailable},
    {502, kGrpcUnavailable},
    {504, 4},
};

}  // namespace

int grpc_code_of_http(int http_status) {
  for (const auto& [http, grpc] : kHttpAndGrpc)
    if (http == http_status) return grpc;
  return http_status < 500 ? kGrpcInvalidArgument : kGrpcUnavailable;
}

int http_status_of_grpc(int grpc_code) {
  for (const auto& [http, grpc] : kHttpAndGrpc)
    if (grpc == grpc_code) return http;
  return 500;
}

Answer refusal(std::string reason, int http_status, int grpc_code, std::string message) {
  Answer answer;
  answer.reason = std::move(reason);
  answer.http_status = http_status;
  answer.grpc_code = grpc_code;
  answer.message = std::move(message);
  return answer;
}

Answer repeating(Answer answer, const HttpHeaders& headers, std::string_view form) {
  constexpr std::string_view kRequest = "{request}";
  std::string request;
  for (const auto& [name, value] : headers) request.append(name + ": " + value + ", ");
  request += form;
  const auto repeat = [&](std::string& text) {
    for (size_t at = text.find(kRequest); at != std::string::npos;
         at = text.find(kRequest, at + request.size())) {
      text.replace(at, kRequest.size(), request);
    }
  };
  repeat(answer.message);
  if (answer.body) repeat(*answer.body);
  return answer;
}

std::string_view Arrival::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key == name) return value;
  return {};
}

std::optional<std::string> bearer_token(std::string_view authorization) {
  constexpr std::string_view kBearer = "Bearer ";
  if (!authorization.starts_with(kBearer) || authorization.size() == kBearer.size())
    return std::nullopt;
  return std::string(authorization.substr(kBearer.size()));
}

}  // namespace dualtrace::sandbox
