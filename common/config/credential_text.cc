// SPDX-License-Identifier: Apache-2.0
#include "common/config/credential_text.h"

#include <algorithm>
#include <array>

#include "common/bytes/ascii.h"
#include "common/bytes/base64.h"
#include "common/bytes/sha256.h"
#include "common/config/rules.h"
#include "common/config/space_id.h"

namespace dualtrace {
namespace {

Failure unusable(const char* why) { return fail(ErrorKind::kInvalid, why); }

bool is_ascii(char c) { return c >= 0; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_letter(char c) { return is_lower(c) || (c >= 'A' && c <= 'Z'); }
bool is_of_word(char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-'; }
// RFC 6750, 2.1: what precedes the padding of a b64token.
bool is_of_token(char c) { return is_of_word(c) || c == '.' || c == '~' || c == '+' || c == '/'; }

constexpr std::string_view kSpaceIdPrefix = "U3BhY2U6";  // base64 of "Space:"
constexpr auto kIssuedPrefixes =
    std::to_array<std::string_view>({"ak-", "dapi", "dose", "eyJ", kSpaceIdPrefix});

// The prefixes of Arize keys, Databricks tokens and secrets, JWTs and space ids.
bool looks_issued(std::string_view text) {
  return std::any_of(kIssuedPrefixes.begin(), kIssuedPrefixes.end(),
                     [&](std::string_view prefix) { return text.starts_with(prefix); });
}

// "dapi" and "dose" are issued with 32 hex digits after them, tokens perhaps with "-" and a number.
// An Arize key without a prefix that happens to begin so would not continue with hex digits.
bool is_of_databricks(std::string_view text, std::string_view prefix) {
  constexpr size_t kDigitsMin = 16;
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  const size_t digits = std::min(text.find_first_not_of("0123456789abcdef"), text.size());
  text.remove_prefix(digits);
  return digits >= kDigitsMin &&
         (text.empty() ||
          (text.front() == '-' && std::all_of(text.begin() + 1, text.end(), is_digit)));
}

bool is_of_arize(std::string_view text) { return text.starts_with("ak-"); }

// Also with a quote on one side only, or followed by the comma of a list.
bool is_quoted(std::string_view text) {
  constexpr std::string_view kQuotes = "\"'`";
  constexpr std::string_view kTypographic = "\xE2\x80\x98\x99\x9A\x9B\x9C\x9D\x9E\x9F";
  while (!text.empty() && (text.back() == ',' || text.back() == ';')) text.remove_suffix(1);
  if (text.empty()) return false;
  if (kQuotes.find(text.front()) != std::string_view::npos ||
      kQuotes.find(text.back()) != std::string_view::npos) {
    return true;
  }
  const auto is_typographic = [&](std::string_view c) {  // U+2018 to U+201F
    return c.starts_with(kTypographic.substr(0, 2)) &&
           kTypographic.substr(2).find(c.back()) != std::string_view::npos;
  };
  constexpr size_t kBytes = 3;
  return text.size() >= kBytes && (is_typographic(text.substr(0, kBytes)) ||
                                   is_typographic(text.substr(text.size() - kBytes)));
}

// "DATABRICKS_TOKEN=…", "token:…": a line of an env file, of YAML or of a header. Returns where the
// value begins, or 0.
size_t value_after_name(std::string_view text) {
  const size_t end = text.find_first_of("=:");
  if (end == 0 || end == std::string_view::npos) return 0;
  const bool named = std::all_of(text.begin(), text.begin() + static_cast<ptrdiff_t>(end),
                                 [](char c) { return is_of_word(c); });
  const size_t value = text.find_first_not_of("=: \"'`", end);
  return named && value != std::string_view::npos ? value : 0;
}

// Of sops, 1Password, Vault and other stores, which something should have replaced by the value.
bool is_reference(std::string_view text) {
  constexpr auto kBeginnings =
      std::to_array<std::string_view>({"ENC[", "vault:", "arn:", "projects/"});
  return text.find("://") != std::string_view::npos ||
         std::any_of(kBeginnings.begin(), kBeginnings.end(),
                     [&](std::string_view begin) { return text.starts_with(begin); });
}

std::string normal_words(std::string_view text) {
  std::string words;
  for (const char c : text) {
    if (c == '-' || c == '_' || c == ' ') continue;
    words.push_back(is_letter(c) ? static_cast<char>(c | 0x20) : c);
  }
  return words;
}

// "YOUR_API_KEY", "change-me", "null": `words` is without separators and in lower case.
bool are_words_of_examples(std::string_view words) {
  constexpr auto kWhole = std::to_array<std::string_view>(
      {"todo", "tbd", "fixme", "null", "nil", "none", "undefined", "example", "dummy", "redacted",
       "mykey", "myapikey", "mytoken", "mysecret", "myclientid", "myspaceid"});
  constexpr auto kBeginnings =
      std::to_array<std::string_view>({"changeme", "changeit", "replaceme", "replacewith",
                                       "replacethis", "placeholder", "fillmein"});
  constexpr auto kYour =
      std::to_array<std::string_view>({"your", "enteryour", "insert", "paste", "putyour"});
  constexpr auto kEnds = std::to_array<std::string_view>(
      {"key", "token", "secret", "id", "password", "credential", "value", "here"});
  const auto begins = [&](std::string_view word) { return words.starts_with(word); };
  const auto ends = [&](std::string_view word) { return words.ends_with(word); };
  return std::find(kWhole.begin(), kWhole.end(), words) != kWhole.end() ||
         std::any_of(kBeginnings.begin(), kBeginnings.end(), begins) ||
         (std::any_of(kYour.begin(), kYour.end(), begins) &&
          std::any_of(kEnds.begin(), kEnds.end(), ends) &&
          std::all_of(words.begin(), words.end(), is_lower));
}

// "dapiXXXXXXXX", "ak-xxxxxxxx-xxxx": six x in a row, and mostly x, which no random text is.
bool is_crossed_out(std::string_view text) {
  for (const char x : {'x', 'X', '*'}) {
    const auto crosses = std::count(text.begin(), text.end(), x);
    if (text.find(std::string(6, x)) != std::string_view::npos &&
        static_cast<size_t>(crosses) * 2 >= text.size()) {
      return true;
    }
  }
  return false;
}

// "<your token>", "${TOKEN}", "$TOKEN", "%TOKEN%", "{{ token }}": placeholders of documentation and
// templates.
bool is_placeholder(std::string_view text) {
  const auto is_between = [&](std::string_view begin, std::string_view end) {
    return text.size() > begin.size() && text.starts_with(begin) && text.ends_with(end);
  };
  return is_between("<", ">") || is_between("{{", "}}") || is_between("[", "]") ||
         is_between("%", "%") || text.starts_with('$') ||
         text.find("...") != std::string_view::npos || is_crossed_out(text) ||
         are_words_of_examples(normal_words(text));
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

// Whether a text decoded from base64 contains an issued value: alone, in quotes or after a name.
// The whole text must be printable: random bytes are not.
bool has_issued_value(std::string_view text) {
  const auto printable = [](char c) { return c >= ' ' && c <= '~'; };
  if (!std::all_of(text.begin(), text.end(), printable)) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((i == 0 || !is_of_word(text[i - 1])) && looks_issued(text.substr(i))) return true;
  }
  return check_client_id(text).has_value() || check_space_id(text).has_value();
}

// `kubectl create secret` and `stringData` already encode the value.
bool is_encoded_again(std::string_view text) {
  constexpr int kRoundsMax = 4;
  if (looks_issued(text)) return false;
  std::string inner(text);
  for (int round = 0; round < kRoundsMax; ++round) {
    auto decoded = decode_base64(inner);
    if (!decoded) return false;
    inner = trim_secret(*decoded);
    if (has_issued_value(inner)) return true;
  }
  return false;
}

// Whatever is not a b64token, with the likely cause.
Status check_token_characters(std::string_view text) {
  if (!std::all_of(text.begin(), text.end(), is_ascii)) {
    return unusable("contains a character outside ASCII; copy the value again");
  }
  if (value_after_name(text) != 0) {
    return unusable(text.find_first_of("=:") == text.find('=')
                        ? "has a name and = before the value; store only the value"
                        : "has a name and a colon before the value; store only the value");
  }
  if (text.find(' ') != std::string_view::npos) {
    return unusable("contains a space, for example after \"Bearer\"; store only the value");
  }
  if (text.find('\\') != std::string_view::npos) {
    return unusable(
        "contains a backslash, for example from a line break written as \\n; store only the value");
  }
  const size_t padding = text.find_last_not_of('=') + 1;
  if (std::all_of(text.begin(), text.begin() + static_cast<ptrdiff_t>(padding), is_of_token)) {
    return {};
  }
  return unusable(
      "contains a character that no key or token has, such as a quote, a comma or a bracket; copy "
      "the value again");
}

}  // namespace

std::string_view trim_secret(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  const size_t first = std::min(text.find_first_not_of(kSpace), text.size());
  return text.substr(first, text.find_last_not_of(kSpace) + 1 - first);
}

Status check_copied_text(std::string_view text) {
  if (text.empty()) return unusable("is empty; put the value into the Secret");
  if (text.starts_with("\xEF\xBB\xBF")) {
    return unusable("begins with a byte order mark; store the value without it");
  }
  if (std::any_of(text.begin(), text.end(), is_control)) {
    return unusable("contains a control character, such as a line break; store only the value");
  }
  if (is_quoted(text)) return unusable("is in quotes; store the value without them");
  if (is_reference(text)) {
    return unusable(
        "is encrypted, or a reference to a secret store or another address; store the value "
        "itself");
  }
  const size_t value = value_after_name(text);
  if (value != 0 && looks_issued(text.substr(value))) return check_token_characters(text);
  if ((text.starts_with('{') && text.find(':') != std::string_view::npos) ||
      text.starts_with("[\"")) {
    return unusable("is JSON; store only the value");
  }
  if (is_placeholder(text)) {
    return unusable("is a placeholder from an example or a template; replace it with the value");
  }
  if (is_encoded_again(text)) {
    return unusable("is base64-encoded twice; stringData and kubectl already encode the value");
  }
  return {};
}

Status check_single_value(std::string_view text) {
  if (const Status checked = check_copied_text(text); !checked) return checked;
  if (check_space_id(text)) return unusable("is a space id; the two keys may be swapped");
  return check_token_characters(text);
}

Status check_credential(std::string_view text) {
  if (const Status checked = check_single_value(text); !checked) return checked;
  if (!is_service_account_token(text)) return {};
  return unusable(
      "is a ServiceAccount token, which is never sent; create a Secret with the destination's own "
      "key");
}

Status check_api_key(std::string_view text) {
  if (const Status checked = check_credential(text); !checked) return checked;
  if (!is_of_databricks(text, "dapi") && !is_of_databricks(text, "dose")) return {};
  return unusable("is a Databricks credential, not an Arize API key; use the Arize key");
}

Status check_access_token(std::string_view text) {
  if (const Status checked = check_credential(text); !checked) return checked;
  if (is_of_arize(text)) {
    return unusable("is an Arize API key, not a Databricks token; use the Databricks token");
  }
  if (!is_of_databricks(text, "dose")) return {};
  return unusable("is an OAuth secret, not a token; name it under auth.oauth, with its client id");
}

Status check_client_secret(std::string_view text) {
  if (const Status checked = check_credential(text); !checked) return checked;
  if (is_of_arize(text)) {
    return unusable("is an Arize API key, not an OAuth secret; use the Databricks secret");
  }
  if (is_of_databricks(text, "dapi")) {
    return unusable("is an access token, not an OAuth secret; name it under auth.token");
  }
  if (!check_client_id(text)) return {};
  return unusable("is a UUID, like an application id; the two keys may be swapped");
}

Status check_space_id_text(std::string_view text) {
  if (const Status checked = check_copied_text(text); !checked) return checked;
  if (is_of_arize(text)) return unusable("is an API key; the two keys may be swapped");
  return text.starts_with(kSpaceIdPrefix) ? check_token_characters(text) : Status();
}

std::string credential_fingerprint(std::string_view text) {
  constexpr size_t kDigits = 8;
  return sha256_hex(text, kDigits);
}

}  // namespace dualtrace
