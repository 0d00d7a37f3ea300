#pragma once
// ListWatch: the two calls that an informer stands on, asynchronous. ApiClient is the real one;
// tests/fakes has one that a test answers by hand.
// Thread-safe. Callbacks come from a thread of the client's, never from within the call, and must
// not block.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/error/result.h"
#include "common/json/json.h"
#include "common/kube/api.h"
#include "common/kube/object.h"
#include "common/time/clock.h"

namespace dualtrace::kube {

// Which objects.
struct Selection {
  ResourceType type;
  std::string namespace_name{};  // "": of all namespaces
  std::string label_selector{};
  std::string field_selector{};
  Form form = Form::kWhole;
};

struct ListRequest {
  // "0": whatever the server has cached; "": what is true now. Left out when continuing.
  std::string resource_version{};
  std::string continue_token{};
  uint32_t limit = 500;
};

struct ListPage {
  std::vector<Json> items;
  std::string resource_version;
  std::string continue_token;  // "": this was the last page
};

// One open watch; destroying it ends the watch. No callback begins afterwards.
class Watch {
 public:
  virtual ~Watch() = default;
};

struct WatchReader {
  // One line of the stream: a JSON object with "type" and "object", not parsed yet. In order.
  std::function<void(std::string)> line;
  // Exactly once, and last, unless the Watch was destroyed first. A stream that the server ended in
  // good order is a success. Errors as of Api; kExpired also for a 410 in place of the stream.
  std::function<void(Status)> ended;
};

class ListWatch {
 public:
  virtual ~ListWatch() = default;
  virtual void list(const Selection& selection, const ListRequest& request,
                    std::function<void(Result<ListPage>)> done) = 0;
  // Asks for bookmarks. `lasting`: when the server is to end it (timeoutSeconds).
  virtual std::unique_ptr<Watch> watch(const Selection& selection,
                                       const std::string& resource_version, Duration lasting,
                                       WatchReader reader) = 0;
};

}  // namespace dualtrace::kube
