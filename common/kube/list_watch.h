// SPDX-License-Identifier: Apache-2.0
#pragma once
// ListWatch: the two calls that an informer stands on, asynchronous. ApiClient is the real one;
// tests/fakes has one that a test answers by hand. Whatever is read is read object by object, and
// what nobody needs of one is gone before the next is looked at.
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
  // Takes out of each object what need not be kept, as soon as it is read, on any thread; pure.
  // metadata.{namespace,name,uid,resourceVersion} stay. It sees managedFields, which never do.
  std::function<void(Json&)> trim{};
};

// An object as it is handed on: trimmed, and it says what it is, which objects of a list do not and
// metadata alone says wrongly.
void make_keepable(const Selection& selection, Json& object);

// Always of what is true now (no resourceVersion): with "0" the server answers from its cache and
// ignores the limit, so that fifty thousand pods come at once.
struct ListRequest {
  std::string continue_token{};
  uint32_t limit = 500;
};

struct ListPage {
  std::vector<Json> items;
  std::string resource_version;
  std::string continue_token{};  // "": this was the last page
  size_t left_out = 0;           // objects that are too large to be read
};

struct WatchRequest {
  std::string resource_version{};  // from where to go on
  Duration lasting{};              // when the server is to end it (timeoutSeconds)
  // A streamed list: first all that there is, as ADDED, and then a bookmark that says so. No
  // resourceVersion then. kInvalid where the server does not know it.
  bool lists_first = false;
};

// One open watch; destroying it ends the watch. No callback begins afterwards.
class Watch {
 public:
  virtual ~Watch() = default;
};

struct WatchReader {
  // The server has said yes. May be empty.
  std::function<void()> opened{};
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
  // Asks for bookmarks.
  virtual std::unique_ptr<Watch> watch(const Selection& selection, const WatchRequest& request,
                                       WatchReader reader) = 0;
};

}  // namespace dualtrace::kube
