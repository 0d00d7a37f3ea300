// SPDX-License-Identifier: Apache-2.0
#pragma once
// ListWatch: the two asynchronous calls that informers are based on. ApiClient is the real one;
// tests/fakes has one that a test answers by hand. Objects are read one by one, and each is trimmed
// before the next is read.
// Thread-safe. Callbacks run on one of the client's threads, never within the call, and must not
// block.

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
  // Removes the parts of each object that need not be kept, as soon as it is read, on any thread;
  // pure. metadata.{namespace,name,uid,resourceVersion} must stay. It sees managedFields, which are
  // always removed afterwards.
  std::function<void(Json&)> trim{};
};

// Prepares an object for its reader: trims it, and sets its kind and apiVersion, which objects of a
// list lack and which are wrong in metadata alone.
void make_keepable(const Selection& selection, Json& object);

// Always for the current state (no resourceVersion): with "0" the server answers from its cache and
// ignores the limit, so that fifty thousand pods arrive in one page.
struct ListRequest {
  std::string continue_token{};
  uint32_t limit = 500;
};

struct ListPage {
  std::vector<Json> items;
  std::string resource_version;
  std::string continue_token{};  // "": this was the last page
  size_t left_out = 0;           // objects that are too large to read
};

struct WatchRequest {
  std::string resource_version{};  // where to continue
  Duration lasting{};              // after which the server should end it (timeoutSeconds)
  // A streamed list: first all existing objects, as ADDED, and then a bookmark that marks their
  // end. Without resourceVersion. kInvalid if the server does not support it.
  bool lists_first = false;
};

// One open watch; destroying it ends the watch. No callback starts afterwards.
class Watch {
 public:
  virtual ~Watch() = default;
};

struct WatchReader {
  // The server has accepted the watch. May be empty.
  std::function<void()> opened{};
  // One line of the stream: a JSON object with "type" and "object", not parsed yet. In order.
  std::function<void(std::string)> line;
  // Called exactly once, and last, unless the Watch was destroyed first. A stream that the server
  // ended properly is a success. Errors as in Api; kExpired also for a 410 instead of the stream.
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
