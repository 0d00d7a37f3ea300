// SPDX-License-Identifier: Apache-2.0
#pragma once
// ListReader: reads one page of a list while it arrives. Each object is cut out of the text, parsed
// and trimmed by itself, so that neither the text of a page nor its tree is ever in memory as a
// whole: a server that ignores the limit costs time, but memory only for the kept parts.
// Private to common_kube_client. Used from one thread.
//
// Limits: an object has at most 8 MiB; larger ones are left out and counted. The text around the
//   objects has at most 64 KiB.

#include <cstddef>
#include <string>
#include <string_view>

#include "common/error/result.h"
#include "common/kube/list_watch.h"

namespace dualtrace::kube {

class ListReader {
 public:
  explicit ListReader(const Selection& selection) : selection_(selection) {}

  // Resets the reader for a new answer.
  void begin();
  void feed(std::string_view piece);
  // Call it after the whole answer was fed. kUnavailable if it is not a list.
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
  std::string item_;    // the object that is being read
  size_t depth_ = 0;    // of brackets
  bool in_items_ = false;
  bool in_string_ = false;
  bool escaped_ = false;
  bool damaged_ = false;
  bool item_is_too_large_ = false;
  ListPage page_;
};

}  // namespace dualtrace::kube
