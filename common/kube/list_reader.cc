#include "common/kube/list_page.h"

#include <utility>

namespace dualtrace::kube {

Result<ListPage> read_list_page(const Selection& selection, std::string_view text) {
  auto list = parse_json(text);
  if (!list || text_at(*list, {"metadata", "resourceVersion"}).empty()) {
    return fail(ErrorKind::kUnavailable, "the answer is not a list");
  }
  ListPage page{.items = {},
                .resource_version = std::string(text_at(*list, {"metadata", "resourceVersion"})),
                .continue_token = std::string(text_at(*list, {"metadata", "continue"}))};
  Json& items = (*list)["items"];  // null when there are none
  if (!items.is_array()) return page;
  page.items.reserve(items.size());
  for (Json& item : items) {
    if (!item.is_object()) return fail(ErrorKind::kUnavailable, "the answer is not a list");
    if (!item.contains("kind")) {
      item["apiVersion"] = selection.type.api_version();
      item["kind"] = selection.type.kind;
    }
    page.items.push_back(std::move(item));
  }
  return page;
}

}  // namespace dualtrace::kube
