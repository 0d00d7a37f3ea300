// SPDX-License-Identifier: Apache-2.0
#include "common/config/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <exception>
#include <optional>
#include <sstream>
#include <utility>

namespace dualtrace {
namespace {

std::string at_line(int line, std::string_view message) {
  return "line " + std::to_string(line) + ": " + std::string(message);
}

// Builds the tree from the parser's events. The first refusal is kept; later events are ignored.
class TreeBuilder final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (!accepts(mark, "", anchor)) return;
    add(node(YamlNode::Kind::kNull, mark));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    refuse(mark, "aliases (*name) are not supported; write the value out");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (!accepts(mark, tag, anchor)) return;
    YamlNode made = node(YamlNode::Kind::kText, mark);
    made.text = value;
    add(std::move(made));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(YamlNode::Kind::kList, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(YamlNode::Kind::kMap, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

  [[nodiscard]] const std::optional<std::string>& refusal() const { return refusal_; }
  [[nodiscard]] YamlNode take_root() { return std::move(root_); }

 private:
  // A list or map that is being filled; `key` is set between a key and its value.
  struct Open {
    YamlNode node;
    std::optional<std::string> key;
  };

  static YamlNode node(YamlNode::Kind kind, const YAML::Mark& mark) {
    YamlNode made;
    made.kind = kind;
    made.line = mark.line + 1;
    return made;
  }

  void refuse(const YAML::Mark& mark, std::string_view message) {
    if (!refusal_) refusal_ = at_line(mark.line + 1, message);
  }

  // "?" is the tag of a plain scalar, list or map, "!" of a quoted scalar.
  bool accepts(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) refuse(mark, "anchors (&name) are not supported");
    if (!tag.empty() && tag != "?" && tag != "!") refuse(mark, "tags (!name) are not supported");
    return !refusal_;
  }

  void open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor) {
    if (!accepts(mark, tag, anchor)) return;
    if (open_.size() == kYamlDepthMax) return refuse(mark, "nested too deeply");
    if (expects_key()) return refuse(mark, "a key must be plain text");
    open_.push_back({node(kind, mark), std::nullopt});
  }

  void close() {
    if (refusal_) return;
    YamlNode done = std::move(open_.back().node);
    open_.pop_back();
    add(std::move(done));
  }

  [[nodiscard]] bool expects_key() const {
    return !open_.empty() && open_.back().node.kind == YamlNode::Kind::kMap && !open_.back().key;
  }

  void add(YamlNode value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (!expects_key()) {
      Open& parent = open_.back();
      value.key = std::exchange(parent.key, std::nullopt).value_or("");
      parent.node.children.push_back(std::move(value));
    } else if (value.kind == YamlNode::Kind::kText) {
      open_.back().key = std::move(value.text);
    } else {
      refusal_ = at_line(value.line, "a key must be plain text");
    }
  }

  YamlNode root_;
  std::vector<Open> open_;
  std::optional<std::string> refusal_;
};

}  // namespace

Result<YamlNode> parse_yaml(std::string_view text) {
  if (text.size() > kYamlBytesMax) {
    return fail(ErrorKind::kExhausted, "larger than " + std::to_string(kYamlBytesMax) + " bytes");
  }
  TreeBuilder builder;
  bool more_documents = false;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    TreeBuilder second;
    more_documents = parser.HandleNextDocument(second);
  } catch (const YAML::Exception& e) {
    // If we had already refused the input, our reason is better than the parser's.
    return fail(ErrorKind::kInvalid, builder.refusal().value_or(at_line(e.mark.line + 1, e.msg)));
  } catch (const std::exception& e) {
    return fail(ErrorKind::kInvalid, std::string("not YAML: ") + e.what());
  }
  if (builder.refusal()) return fail(ErrorKind::kInvalid, *builder.refusal());
  if (more_documents) return fail(ErrorKind::kInvalid, "more than one YAML document");
  YamlNode root = builder.take_root();
  if (root.kind == YamlNode::Kind::kNull) root.kind = YamlNode::Kind::kMap;
  return root;
}

}  // namespace dualtrace
