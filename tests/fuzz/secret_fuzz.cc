// SPDX-License-Identifier: Apache-2.0
// Whatever a Secret's file contains: an accepted credential is safe in a header, a form and a log
// line, and no error message repeats a rejected one. Input: a byte that selects the file, and its
// content.

#include <cstddef>
#include <cstdint>
#include <string>

#include "agent/credential/secret_files.h"
#include "common/config/credential_part.h"
#include "common/error/check.h"
#include "tests/fakes/memory_file_system.h"

namespace dualtrace::agent {
namespace {

// A marker for secret parts, which no message contains by itself.
constexpr std::string_view kCanary = "q7Zk2vX9mB4w";

SecretLook look_at(uint8_t which, std::string_view content) {
  using enum CredentialPart;
  constexpr CredentialPart kParts[] = {kToken,   kClientSecret,   kClientID,
                                       kSpaceID, kProjectedToken, kAPIKey};
  const CredentialPart part = kParts[which % std::size(kParts)];
  MemoryFileSystem files;
  DT_CHECK(files.make_folders("/s").has_value());
  DT_CHECK(write_file(files, "/s/k", content).has_value());
  const CheckCredential check = part == kProjectedToken ? check_projected_token : check_of(part);
  return SecretFiles({{part, "/s/k", check}}, files).look();
}

void look(uint8_t which, std::string_view content) {
  const SecretLook seen = look_at(which, content);
  DT_CHECK(seen.found.size() == 1);
  if (seen.secret == nullptr) {
    DT_CHECK(!seen.found[0].why.empty());
  } else {
    DT_CHECK(!seen.secret->values.front().empty());
    for (const char c : seen.secret->values.front()) DT_CHECK(c > ' ' && c <= '~');
    DT_CHECK(!seen.secret->fingerprints.front().empty());
  }
  for (const std::string& planted :
       {std::string(content).append(kCanary), std::string(kCanary).append(content)}) {
    const SecretLook refused = look_at(which, planted);
    DT_CHECK(refused.found[0].why.find(kCanary) == std::string::npos);
  }
}

}  // namespace
}  // namespace dualtrace::agent

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  dualtrace::agent::look(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
