// SPDX-License-Identifier: Apache-2.0
#pragma once
// WatchStream: one watch from its request to its end: authorizes and opens it, splits it into
// lines, reads an error answer. The Watch that ApiClient returns is a handle to it. Private to
// common_kube_client.
// close() and end() are thread-safe, start() is called from the scheduler's thread; the stream's
// callbacks come one at a time from the HttpClient's.

#include <functional>
#include <memory>
#include <string>

#include "common/kube/caller.h"
#include "common/kube/connections.h"
#include "common/kube/line_splitter.h"
#include "common/kube/list_watch.h"
#include "common/sync/callback_gate.h"
#include "common/sync/mutex.h"

namespace dualtrace::kube {

inline constexpr size_t kWatchLineBytesMax = kObjectBytesMax;

class WatchStream : public std::enable_shared_from_this<WatchStream> {
 public:
  // `refused` is called on a 401, with the credential of the request, from any thread.
  WatchStream(Selection selection, HttpRequest request, CallMetrics metrics, WatchReader reader,
              std::function<void(const Shown&)> refused);

  void start(Connections& connections, Duration head_timeout);
  // The reader is not called after this.
  void close();
  // Reports the end to the reader, unless that has been done.
  void end(Status status);

 private:
  void head(HttpResponse response);
  void piece(std::string_view bytes);
  void stream_ended(const Status& status);
  [[nodiscard]] bool has_ended();
  // Ends the HTTP exchange, now or as soon as it exists.
  void drop_stream();

  const Selection selection_;
  HttpRequest request_;
  CallMetrics metrics_;
  const WatchReader reader_;
  const std::function<void(const Shown&)> refused_;
  Shown shown_;
  HttpResponse response_;  // with a body only if it is an error
  LineSplitter lines_{kWatchLineBytesMax};
  CallbackGate gate_;

  Mutex mutex_;
  std::unique_ptr<HttpStream> stream_ DT_GUARDED_BY(mutex_);
  bool dropped_ DT_GUARDED_BY(mutex_) = false;
  bool ended_ DT_GUARDED_BY(mutex_) = false;
};

}  // namespace dualtrace::kube
