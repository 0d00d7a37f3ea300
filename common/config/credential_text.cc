#include "common/config/credential_text.h"

#include <algorithm>

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

// How keys of Arize and tokens of Databricks begin.
bool looks_issued(std::string_view text) {
  return text.starts_with("ak-") || text.starts_with("dapi") || text.starts_with("dose");
}

// `kubectl create secret` and `stringData` encode by themselves.
bool encoded_twice(std::string_view text) {
  if (looks_issued(text)) return false;
  const auto decoded = decode_base64(text);
  return decoded && looks_issued(*decoded);
}

}  // namespace

Status check_credential(std::string_view text) {
  const auto unusable = [](const char* why) { return fail(ErrorKind::kInvalid, why); };
  if (text.empty()) return unusable("is empty; put the value into the Secret");
  if (text.starts_with("\xEF\xBB\xBF")) {
    return unusable("begins with a byte order mark; write the value without it");
  }
  if (std::any_of(text.begin(), text.end(), is_control)) {
    return unusable("has a control character in it, as a line break; write the value alone");
  }
  if (!std::all_of(text.begin(), text.end(), is_ascii)) {
    return unusable("has a character outside ASCII in it; copy the value anew");
  }
  if (in_quotes(text)) return unusable("is in quotes; write the value without them");
  if (text.find(' ') != std::string_view::npos) {
    return unusable("has a space in it, as of \"Bearer \"; write the value alone");
  }
  if (check_space_id(text)) return unusable("is a space id; the two keys may be swapped");
  if (encoded_twice(text)) {
    return unusable("is in base64 twice; stringData and kubectl encode by themselves");
  }
  return {};
}

std::string credential_fingerprint(std::string_view text) {
  constexpr size_t kDigits = 8;
  return sha256_hex(text, kDigits);
}

}  // namespace dualtrace
