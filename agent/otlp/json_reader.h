// SPDX-License-Identifier: Apache-2.0
#pragma once
// JsonReader: goes over a JSON text (RFC 8259) once, value by value, and builds nothing: texts are
// unescaped where they stand. Half a surrogate pair becomes U+FFFD, since JavaScript cuts texts
// between the halves; numbers of any size are passed on as they are written. For json.cc alone.
// Used from one thread; views live as long as the text. Pure, fuzzed (with json.cc).

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dualtrace::agent {

class JsonReader {
 public:
  enum class Kind { kObject, kArray, kText, kNumber, kTrue, kFalse, kNull, kFault };

  // The text is changed while it is read.
  explicit JsonReader(std::string& text)
      : begin_(text.data()), at_(text.data()), end_(text.data() + text.size()) {}

  // What the next value is, judged by its first byte; kFault when none can begin here.
  Kind peek();

  // Of an object: enter(), then a key and a value in turn, until there is no key.
  bool enter_object();
  std::optional<std::string_view> next_key();
  // Of an array: enter(), then values as long as there is one.
  bool enter_array();
  bool next_item();

  // nullopt at a fault; else UTF-8.
  std::optional<std::string_view> text();
  // As written, by JSON's grammar.
  std::optional<std::string_view> number();
  bool literal(std::string_view word);
  // Any value, checked like all others.
  bool skip();
  // Nothing but white space is left.
  bool at_end();

  // "" as long as all was well; else with the offset in the text.
  [[nodiscard]] const std::string& fault() const { return fault_; }

 private:
  void skip_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) ++at_;
  }
  bool refuse(const char* what);
  bool deeper();
  bool skip_members();
  bool skip_items();
  // To the first byte that a text does not simply hold; whether all before it are ASCII.
  char* plain_end(bool& ascii) const;
  // Reads the escape at `at_`, writes what it stands for.
  bool unescape(char*& out);
  std::optional<uint32_t> hex4();

  const char* const begin_;
  char* at_;
  char* const end_;
  size_t depth_ = 0;    // of open arrays and objects
  bool first_ = false;  // of the innermost: nothing was read in it yet
  std::string fault_;
};

}  // namespace dualtrace::agent
