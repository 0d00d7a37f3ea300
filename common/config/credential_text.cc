// SPDX-License-Identifier: Apache-2.0
#include "common/config/credential_text.h"

#include <algorithm>
#include <array>

#include "common/bytes/base64.h"
#include "common/bytes/sha256.h"
#include "common/config/space_id.h"

namespace dualtrace {
namespace {

bool is_control(char c) { return (c >= 0 && c < ' ') || c == 0x7f; }
bool is_ascii(char c) { return c >= 0; }

bool in_quotes(std::string_view text) {
  return text.size() >= 2 && text.front() == text.back() &&
         (text.front() == '"' || text.front() == '\'');
}

// The prefixes of Arize keys and Databricks tokens.
bool looks_issued(std::string_view text) {
  return text.starts_with("ak-") || text.starts_with("dapi") || text.starts_with("dose") ||
         text.starts_with("eyJ");
}

// "DATABRICKS_TOKEN=dapi…": a line of an env file.
bool has_name_before(std::string_view text) {
  const size_t equals = text.find('=');
  return equals != std::string_view::npos && looks_issued(text.substr(equals + 1));
}

// "<your token>", "${TOKEN}", "{{ token }}", "$(TOKEN)": placeholders of documentation and
// templates.
bool is_placeholder(std::string_view text) {
  const auto is_between = [&](std::string_view begin, std::string_view end) {
    return text.starts_with(begin) && text.ends_with(end);
  };
  constexpr std::array<std::string_view, 4> kWords = {"changeme", "change-me", "replaceme",
                                                      "replace-me"};
  return is_between("<", ">") || is_between("${", "}") || is_between("{{", "}}") ||
         is_between("$(", ")") || text.find("...") != std::string_view::npos ||
         std::find(kWords.begin(), kWords.end(), text) != kWords.end();
}

// 8-4-4-4-12 hex digits.
bool is_uuid(std::string_view text) {
  constexpr size_t kBytes = 36;
  if (text.size() != kBytes) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = text[i];
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (dash ? c != '-' : !hex) return false;
  }
  return true;
}

// Checks the subject in the payload of a JWT, which is the same in bound and legacy Kubernetes
// tokens. Such a token is meant for the API server. Sending it would leak it: someone who can name
// a Secret in an export need not be allowed to read that Secret.
bool is_service_account_token(std::string_view text) {
  const size_t begin = text.find('.');
  if (!text.starts_with("eyJ") || begin == std::string_view::npos) return false;
  std::string payload(text.substr(begin + 1, text.find('.', begin + 1) - begin - 1));
  std::replace(payload.begin(), payload.end(), '-', '+');
  std::replace(payload.begin(), payload.end(), '_', '/');
  const auto claims = decode_base64(payload);
  return claims && claims->find("\"system:serviceaccount:") != std::string::npos;
}

// `kubectl create secret` and `stringData` already encode the value.
bool encoded_twice(std::string_view text) {
  if (looks_issued(text)) return false;
  const auto decoded = decode_base64(text);
  return decoded && looks_issued(*decoded);
}

}  // namespace

Status check_credential(std::string_view text) {
  if (const Status checked = check_single_value(text); !checked) return checked;
  if (!is_service_account_token(text)) return {};
  return fail(ErrorKind::kInvalid,
              "is a ServiceAccount token, which is never sent; create a Secret with the "
              "destination's own key");
}

Status check_single_value(std::string_view text) {
  const auto unusable = [](const char* why) { return fail(ErrorKind::kInvalid, why); };
  if (text.empty()) return unusable("is empty; put the value into the Secret");
  if (text.starts_with("\xEF\xBB\xBF")) {
    return unusable("begins with a byte order mark; store the value without it");
  }
  if (std::any_of(text.begin(), text.end(), is_control)) {
    return unusable("contains a control character, such as a line break; store only the value");
  }
  if (!std::all_of(text.begin(), text.end(), is_ascii)) {
    return unusable("contains a character outside ASCII; copy the value again");
  }
  if (in_quotes(text)) return unusable("is in quotes; store the value without them");
  if (has_name_before(text)) {
    return unusable("has a name and = before the value; store only the value");
  }
  if (text.front() == '{' && text.find(':') != std::string_view::npos) {
    return unusable("is JSON; store only the value");
  }
  if (is_placeholder(text)) {
    return unusable("is a placeholder from an example; replace it with the value");
  }
  if (text.find(' ') != std::string_view::npos) {
    return unusable("contains a space, for example after \"Bearer\"; store only the value");
  }
  if (check_space_id(text)) return unusable("is a space id; the two keys may be swapped");
  if (encoded_twice(text)) {
    return unusable("is base64-encoded twice; stringData and kubectl already encode the value");
  }
  return {};
}

Status check_client_secret(std::string_view text) {
  if (const Status checked = check_credential(text); !checked) return checked;
  if (!is_uuid(text)) return {};
  return fail(ErrorKind::kInvalid,
              "is a UUID, like an application id; the two keys may be swapped");
}

std::string credential_fingerprint(std::string_view text) {
  constexpr size_t kDigits = 8;
  return sha256_hex(text, kDigits);
}

}  // namespace dualtrace
