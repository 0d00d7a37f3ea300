// SPDX-License-Identifier: Apache-2.0
#include "operator/api/glob.h"

#include <vector>

namespace dualtrace::ctl {

// One row for each element of the pattern: reached[i] is true if the elements so far match the
// first i bytes of the text. The cost is therefore at most the pattern's length times the text's.
bool matches_glob(std::string_view pattern, std::string_view text, char separator) {
  std::vector<bool> reached(text.size() + 1, false);
  reached[0] = true;
  for (size_t at = 0; at < pattern.size(); ++at) {
    std::vector<bool> next(text.size() + 1, false);
    if (pattern[at] == '*') {
      const bool crosses = at + 1 < pattern.size() && pattern[at + 1] == '*';
      if (crosses) ++at;
      next[0] = reached[0];
      for (size_t i = 1; i <= text.size(); ++i) {
        const bool goes_on = next[i - 1] && (crosses || separator == 0 || text[i - 1] != separator);
        next[i] = reached[i] || goes_on;
      }
    } else {
      for (size_t i = 1; i <= text.size(); ++i) {
        next[i] = reached[i - 1] && text[i - 1] == pattern[at];
      }
    }
    reached = std::move(next);
  }
  return reached[text.size()];
}

}  // namespace dualtrace::ctl
