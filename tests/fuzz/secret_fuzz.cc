// Whatever lies in a Secret's file: what passes for a credential can stand in a header, in a form
// and in a line of a log, and no refusal repeats it. Input: a byte that says which file it is, and
// its content.

#include <cstddef>
#include <cstdint>
#include <string>

#include "agent/credential/secret_files.h"
#include "common/config/credential_text.h"
#include "common/config/rules.h"
#include "common/config/space_id.h"
#include "common/error/check.h"
#include "tests/fakes/memory_file_system.h"

namespace dualtrace::agent {
namespace {

constexpr size_t kRepeatedMin = 12;  // shorter texts can be words of the message

void look(uint8_t which, std::string_view content) {
  constexpr CheckCredential kChecks[] = {check_credential, check_client_secret, check_client_id,
                                         check_space_id, check_projected_token};
  constexpr report::CredentialPart kParts[] = {
      report::CredentialPart::kToken, report::CredentialPart::kClientSecret,
      report::CredentialPart::kClientID, report::CredentialPart::kSpaceID,
      report::CredentialPart::kProjectedToken};
  MemoryFileSystem files;
  DT_CHECK(files.make_folders("/s").has_value());
  DT_CHECK(write_file(files, "/s/k", content).has_value());
  const size_t kind = which % std::size(kChecks);
  const SecretLook seen = SecretFiles({{kParts[kind], "/s/k", kChecks[kind]}}, files).look();
  DT_CHECK(seen.found.size() == 1);
  if (seen.secret == nullptr) {
    DT_CHECK(!seen.found[0].why.empty());
    if (content.size() >= kRepeatedMin) {
      DT_CHECK(seen.found[0].why.find(content) == std::string::npos);
    }
    return;
  }
  DT_CHECK(!seen.secret->values.front().empty());
  for (const char c : seen.secret->values.front()) DT_CHECK(c > ' ' && c <= '~');
  DT_CHECK(!seen.secret->fingerprints.front().empty());
}

}  // namespace
}  // namespace dualtrace::agent

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  dualtrace::agent::look(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
