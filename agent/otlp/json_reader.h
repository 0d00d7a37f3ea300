// SPDX-License-Identifier: Apache-2.0
#pragma once
// JsonReader: reads a JSON text (RFC 8259) once, value by value, without building a document:
// strings are unescaped in place. Half a surrogate pair becomes U+FFFD, since JavaScript cuts
// strings between the halves. Numbers of any size are passed on as written. Only for json.cc.
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

  // Reading changes the text.
  explicit JsonReader(std::string& text)
      : begin_(text.data()), at_(text.data()), end_(text.data() + text.size()) {}

  // The kind of the next value, by its first byte; kFault if no value can start here.
  Kind peek();

  // For an object: enter it, then read a key and a value in turn until there is no key.
  bool enter_object();
  std::optional<std::string_view> next_key();
  // For an array: enter it, then read a value as long as there is one.
  bool enter_array();
  bool next_item();

  // The string in UTF-8; nullopt on a fault.
  std::optional<std::string_view> text();
  // As written; checked by JSON's grammar.
  std::optional<std::string_view> number();
  bool literal(std::string_view word);
  // Skips any value, with the same checks.
  bool skip();
  // Whether only whitespace is left.
  bool at_end();

  // "" if there is none; otherwise with the offset in the text.
  [[nodiscard]] const std::string& fault() const { return fault_; }

 private:
  void skip_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) ++at_;
  }
  bool refuse(const char* what);
  bool deeper();
  bool skip_members();
  bool skip_items();
  // The first byte that ends the string or needs handling; clears `ascii` if a byte before it is
  // not ASCII.
  char* plain_end(bool& ascii) const;
  // Reads the escape at `at_` and writes the character.
  bool unescape(char*& out);
  std::optional<uint32_t> hex4();

  const char* const begin_;
  char* at_;
  char* const end_;
  size_t depth_ = 0;    // of open arrays and objects
  bool first_ = false;  // nothing was read yet in the innermost one
  std::string fault_;
};

}  // namespace dualtrace::agent
