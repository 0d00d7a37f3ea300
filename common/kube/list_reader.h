#pragma once
// The reading of one page of a list. Private to common_kube_client.
// Pure.

#include <string_view>

#include "common/error/result.h"
#include "common/kube/list_watch.h"

namespace dualtrace::kube {

// The items say what they are, as objects by themselves do; the API server leaves that out of most
// lists. kUnavailable when it is no list.
Result<ListPage> read_list_page(const Selection& selection, std::string_view text);

}  // namespace dualtrace::kube
