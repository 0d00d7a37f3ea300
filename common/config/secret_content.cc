// SPDX-License-Identifier: Apache-2.0
#include "common/config/secret_content.h"

#include <string>

#include "common/bytes/sha256.h"
#include "common/config/credential_text.h"
#include "common/config/rules.h"
#include "common/config/space_id.h"
#include "common/net/authorities.h"
#include "common/net/http_proxy.h"

namespace dualtrace {
namespace {

Status check_authority(std::string_view text) {
  if (!text.empty() && read_authorities({.ca_text = std::string(text)})) return {};
  const bool is_key = text.find("PRIVATE KEY-----") != std::string_view::npos;
  return fail(ErrorKind::kInvalid,
              std::string(is_key ? "contains a private key but no PEM certificate"
                                 : "contains no PEM certificate") +
                  "; store the authority's certificates, each from -----BEGIN CERTIFICATE----- to "
                  "its END line");
}

Status check_space_id_as_copied(std::string_view text) {
  if (const Status checked = check_space_id_text(text); !checked) return checked;
  return check_space_id(text);
}

Status check_client_id_as_copied(std::string_view text) {
  if (const Status checked = check_copied_text(text); !checked) return checked;
  return check_client_id(text);
}

}  // namespace

CheckCredential check_of(SecretContent content) {
  switch (content) {
    case SecretContent::kAuthority:
      return check_authority;
    case SecretContent::kAPIKey:
      return check_api_key;
    case SecretContent::kSpaceID:
      return check_space_id_as_copied;
    case SecretContent::kToken:
      return check_access_token;
    case SecretContent::kClientID:
      return check_client_id_as_copied;
    case SecretContent::kClientSecret:
      return check_client_secret;
    case SecretContent::kProxyUsername:
      return check_proxy_username;
    case SecretContent::kProxyPassword:
      return check_proxy_password;
  }
  return check_credential;
}

std::string fingerprint_of(SecretContent content, std::string_view text) {
  // People choose these. Everybody who can read an agent's status could try a dictionary against
  // eight digits and be sure of the password; three leave one word in 4,096. A change goes
  // unnoticed as rarely.
  constexpr size_t kDigitsOfGuessable = 3;
  const bool is_guessable =
      content == SecretContent::kProxyUsername || content == SecretContent::kProxyPassword;
  return is_guessable ? sha256_hex(text, kDigitsOfGuessable) : credential_fingerprint(text);
}

}  // namespace dualtrace
