// SPDX-License-Identifier: Apache-2.0
#include "common/config/credential_part.h"

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

CheckCredential check_of(CredentialPart part) {
  switch (part) {
    case CredentialPart::kAuthority:
      return check_authority;
    case CredentialPart::kAPIKey:
      return check_api_key;
    case CredentialPart::kSpaceID:
      return check_space_id_as_copied;
    case CredentialPart::kToken:
      return check_access_token;
    case CredentialPart::kClientID:
      return check_client_id_as_copied;
    case CredentialPart::kClientSecret:
      return check_client_secret;
    case CredentialPart::kProxyUsername:
      return check_proxy_username;
    case CredentialPart::kProxyPassword:
      return check_proxy_password;
    case CredentialPart::kProjectedToken:
      break;
  }
  return check_credential;
}

std::string fingerprint_of(CredentialPart part, std::string_view text) {
  // People choose these. Everybody who can read an agent's status could try a dictionary against
  // eight digits and be sure of the password; three leave one word in 4,096. A change goes
  // unnoticed as rarely.
  constexpr size_t kDigitsOfGuessable = 3;
  const bool is_guessable =
      part == CredentialPart::kProxyUsername || part == CredentialPart::kProxyPassword;
  return is_guessable ? sha256_hex(text, kDigitsOfGuessable) : credential_fingerprint(text);
}

}  // namespace dualtrace
