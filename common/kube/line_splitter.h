// SPDX-License-Identifier: Apache-2.0
#pragma once
// LineSplitter: splits a stream into lines of bounded length. Used by WatchStream.
// Used from one thread.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace dualtrace::kube {

class LineSplitter {
 public:
  explicit LineSplitter(size_t line_bytes_max) : line_bytes_max_(line_bytes_max) {}

  // Calls line(std::string) for each line that the piece completes, without the line break and
  // without empty lines. Returns false once a line is too long: stop feeding then.
  template <typename Line>
  [[nodiscard]] bool feed(std::string_view piece, const Line& line) {
    while (true) {
      const size_t end = piece.find('\n');
      const std::string_view part = piece.substr(0, end);
      if (part.size() > line_bytes_max_ - rest_.size()) return false;
      rest_.append(part);
      if (end == std::string_view::npos) return true;
      piece.remove_prefix(end + 1);
      std::string whole = std::exchange(rest_, {});
      if (!whole.empty()) line(std::move(whole));
    }
  }

  // Whether a line has started and not ended.
  [[nodiscard]] bool within_line() const { return !rest_.empty(); }

 private:
  const size_t line_bytes_max_;
  std::string rest_;
};

}  // namespace dualtrace::kube
