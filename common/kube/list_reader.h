// SPDX-License-Identifier: Apache-2.0
#pragma once
// ListReader: reads one page of a list while it comes. Each object is cut out of the text, parsed
// and trimmed by itself, so that neither the text of a page nor its tree is ever in memory as a
// whole: a server that ignores the limit costs time and no memory but for what is kept.
// Private to common_kube_client. Used from one thread.
//
// Limits: an object up to 8 MiB, a larger one is left out and counted; what is around the objects
//   up to 64 KiB.

#include <cstddef>
#include <string>
#include <string_view>

#include "common/error/result.h"
#include "common/kube/list_watch.h"

namespace dualtrace::kube {

class ListReader {
 public:
  explicit ListReader(const Selection& selection) : selection_(selection) {}

  // Forgets what was read: an answer begins.
  void begin();
  void feed(std::string_view piece);
  // When all of the answer was fed. kUnavailable when it is no list.
  Result<ListPage> finish();

 private:
  void take(char c);
  void take_within_string(char c);
  void open_bracket(char c);
  void close_bracket(char c);
  void keep(std::string_view text);
  void item_ended();

  const Selection selection_;
  std::string around_;  // the page without its items, and without white space
  std::string item_;    // the one that is being read
  size_t depth_ = 0;    // of brackets
  bool in_items_ = false;
  bool in_string_ = false;
  bool escaped_ = false;
  bool damaged_ = false;
  bool item_is_too_large_ = false;
  ListPage page_;
};

}  // namespace dualtrace::kube
