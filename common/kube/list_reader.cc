// SPDX-License-Identifier: Apache-2.0
#include "common/kube/list_reader.h"

#include <utility>

#include "common/kube/connections.h"

namespace dualtrace::kube {
namespace {

constexpr size_t kAroundBytesMax = 64 * 1024;
constexpr size_t kItemDepth = 2;  // within the list's braces and the items' brackets

Failure no_list() { return fail(ErrorKind::kUnavailable, "the answer is not a list"); }

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// Whether the text ends with the member's name and its colon; a quote within a longer string has a
// backslash before it.
bool names_items(std::string_view around) {
  constexpr std::string_view kName = R"("items":)";
  if (!around.ends_with(kName)) return false;
  around.remove_suffix(kName.size());
  return !around.ends_with('\\');
}

}  // namespace

void ListReader::begin() {
  around_.clear();
  item_.clear();
  depth_ = 0;
  in_items_ = in_string_ = escaped_ = damaged_ = item_is_too_large_ = false;
  page_ = {};
}

void ListReader::feed(std::string_view piece) {
  // The text of objects is copied in stretches, not byte by byte: it is nearly the whole input.
  size_t kept = 0;
  for (size_t at = 0; at < piece.size() && !damaged_; ++at) {
    const bool in_item = in_items_ && depth_ > kItemDepth;
    if (!in_item) kept = at;
    take(piece[at]);
    const bool still = in_items_ && depth_ > kItemDepth;
    if (still && at + 1 == piece.size()) keep(piece.substr(kept));
    if (in_item && !still) {
      keep(piece.substr(kept, at + 1 - kept));
      item_ended();
    }
  }
}

void ListReader::take(char c) {
  if (in_string_) return take_within_string(c);
  const bool outside = !in_items_ || depth_ < kItemDepth;
  switch (c) {
    case '"':
      in_string_ = true;
      damaged_ = damaged_ || (in_items_ && depth_ == kItemDepth);
      break;
    case '{':
    case '[':
      return open_bracket(c);
    case '}':
    case ']':
      return close_bracket(c);
    default:
      // Between objects there are only commas.
      damaged_ = damaged_ || (in_items_ && depth_ == kItemDepth && c != ',' && !is_space(c));
  }
  if (outside && !is_space(c)) around_.push_back(c);
  damaged_ = damaged_ || around_.size() > kAroundBytesMax;
}

void ListReader::take_within_string(char c) {
  if (!in_items_) around_.push_back(c);
  if (escaped_) {
    escaped_ = false;
  } else if (c == '\\') {
    escaped_ = true;
  } else if (c == '"') {
    in_string_ = false;
  }
  damaged_ = damaged_ || around_.size() > kAroundBytesMax;
}

void ListReader::open_bracket(char c) {
  if (depth_ == 1 && c == '[' && names_items(around_)) in_items_ = true;
  if (in_items_ && depth_ == kItemDepth && c != '{') damaged_ = true;
  if (!in_items_ || depth_ < kItemDepth) around_.push_back(c);
  ++depth_;
}

void ListReader::close_bracket(char c) {
  if (depth_ == 0) {
    damaged_ = true;
    return;
  }
  const bool ends_items = in_items_ && depth_ == kItemDepth;
  if (ends_items) in_items_ = false;
  --depth_;
  if (!in_items_) around_.push_back(c);
}

void ListReader::keep(std::string_view text) {
  if (item_is_too_large_ || text.size() > kObjectBytesMax - item_.size()) {
    item_is_too_large_ = true;
    item_ = {};
    return;
  }
  item_.append(text);
}

void ListReader::item_ended() {
  if (std::exchange(item_is_too_large_, false)) {
    ++page_.left_out;
    return;
  }
  auto object = parse_json(item_);
  item_.clear();
  damaged_ = damaged_ || !object;
  if (!object) return;
  make_keepable(selection_, *object);
  page_.items.push_back(*std::move(object));
}

Result<ListPage> ListReader::finish() {
  const auto list = parse_json(around_);
  if (damaged_ || !list || text_at(*list, {"metadata", "resourceVersion"}).empty()) {
    return no_list();
  }
  page_.resource_version = text_at(*list, {"metadata", "resourceVersion"});
  page_.continue_token = text_at(*list, {"metadata", "continue"});
  return std::move(page_);
}

}  // namespace dualtrace::kube
