// SPDX-License-Identifier: Apache-2.0
#include "common/kube/watch_stream.h"

#include <utility>

#include "common/kube/api_error.h"

namespace dualtrace::kube {
namespace {

constexpr size_t kRefusalBytesMax = 64 * 1024;

}  // namespace

WatchStream::WatchStream(Selection selection, HttpRequest request, CallMetrics metrics,
                         WatchReader reader, std::function<void(const Shown&)> refused)
    : selection_(std::move(selection)),
      request_(std::move(request)),
      metrics_(std::move(metrics)),
      reader_(std::move(reader)),
      refused_(std::move(refused)) {}

void WatchStream::start(Connections& connections, Duration head_timeout) {
  if (has_ended()) return;
  auto shown = connections.authorize(request_);
  if (!shown) return end(fail(shown.error()));
  shown_ = *std::move(shown);
  auto stream = connections.clients().watches->open(
      std::move(request_), head_timeout,
      {.head = [self =
                    shared_from_this()](HttpResponse response) { self->head(std::move(response)); },
       .piece = [self = shared_from_this()](std::string_view bytes) { self->piece(bytes); },
       .ended = [self = shared_from_this()](const Status& status) { self->stream_ended(status); }});
  {
    const Lock lock(mutex_);
    if (!dropped_) stream_.swap(stream);
  }
}

void WatchStream::close() {
  gate_.close();
  {
    const Lock lock(mutex_);
    ended_ = true;
  }
  drop_stream();
}

void WatchStream::end(Status status) {
  {
    const Lock lock(mutex_);
    if (std::exchange(ended_, true)) return;
  }
  gate_.pass([&] { reader_.ended(std::move(status)); });
  drop_stream();
}

void WatchStream::head(HttpResponse response) {
  metrics_.answered("GET", response.status);
  response_ = std::move(response);
  if (response_.status == 401) refused_(shown_);
  if (response_.status == 200 && reader_.opened) {
    gate_.pass([&] { reader_.opened(); });
  }
}

void WatchStream::piece(std::string_view bytes) {
  if (has_ended()) return;
  if (response_.status != 200) {
    response_.body.append(bytes.substr(0, kRefusalBytesMax - response_.body.size()));
    return;
  }
  const bool fits = lines_.feed(
      bytes, [&](std::string line) { gate_.pass([&] { reader_.line(std::move(line)); }); });
  if (!fits) end(fail(ErrorKind::kExhausted, "a watch's line is longer than 8 MiB"));
}

void WatchStream::stream_ended(const Status& status) {
  const Asked asked{"watch", selection_.type, selection_.namespace_name};
  if (!status) {
    if (response_.status == 0) metrics_.answered("GET", 0);
    // Only our own timeout cancels it, or the end of the client.
    const ErrorKind kind = status.error().kind == ErrorKind::kCancelled ? ErrorKind::kUnavailable
                                                                        : status.error().kind;
    return end(fail(kind, asked.prefix() + status.error().message));
  }
  if (response_.status != 200) return end(fail(error_of(asked, response_)));
  if (lines_.within_line()) {
    return end(fail(ErrorKind::kUnavailable, asked.prefix() + "it ended within a line"));
  }
  end({});
}

bool WatchStream::has_ended() {
  const Lock lock(mutex_);
  return ended_;
}

void WatchStream::drop_stream() {
  std::unique_ptr<HttpStream> stream;
  const Lock lock(mutex_);
  dropped_ = true;
  stream_.swap(stream);
}

}  // namespace dualtrace::kube
