// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/load.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>
#include <vector>

#include "common/compress/gzip.h"
#include "tests/bench/connection.h"
#include "tests/bench/content.h"

namespace dualtrace::bench {
namespace {

constexpr auto kAnswersTimeout = std::chrono::seconds(30);  // after the end of sending
constexpr auto kRestAfterFailure = std::chrono::milliseconds(100);

class LoadRun {
 public:
  explicit LoadRun(const LoadOptions& options);
  LoadResult run();

 private:
  void wake_at_next();
  void send_due();
  void send(Connection& connection, Tick due);
  void answered(Connection& connection, Tick due, uint64_t request, Answer answer);
  void rest(Connection& connection);
  void free_again(Connection& connection);
  void end();
  [[nodiscard]] uint64_t requests_due(Tick now) const;
  [[nodiscard]] Tick due_time(uint64_t request) const { return begin_ + request * interval_; }

  const LoadOptions options_;
  const Duration interval_;  // zero: a closed loop
  SystemClock clock_;
  boost::asio::io_context io_;
  boost::asio::steady_timer pace_{io_};
  boost::asio::steady_timer stop_{io_};
  Content content_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::deque<Connection*> free_;  // one entry per request that may be sent now
  Tick begin_;
  Tick end_;
  Tick last_answer_;
  uint64_t requests_sent_ = 0;
  uint64_t requests_answered_ = 0;
  bool ended_ = false;
  LoadResult result_;
};

Duration interval_of(const LoadOptions& options) {
  if (options.rate == 0) return Duration(0);
  return std::chrono::duration_cast<Duration>(
      std::chrono::duration<double>(options.spans_per_request / static_cast<double>(options.rate)));
}

LoadRun::LoadRun(const LoadOptions& options)
    : options_(options),
      interval_(interval_of(options)),
      content_({options.spans_per_request, options.span_bytes, options.seed}) {
  const Target target{
      {boost::asio::ip::make_address(options.host), options.port}, options.gzip, options.tls};
  for (uint32_t i = 0; i < options.connections; ++i) {
    connections_.push_back(options.protocol == Protocol::kGrpc ? make_grpc_connection(io_, target)
                                                               : make_http_connection(io_, target));
    connections_.back()->connect();
  }
  for (uint32_t i = 0; i < options.in_flight; ++i) {
    for (const auto& connection : connections_) free_.push_back(connection.get());
  }
}

LoadResult LoadRun::run() {
  options_.connected();
  begin_ = last_answer_ = clock_.tick();
  end_ = begin_ +
         std::chrono::duration_cast<Duration>(std::chrono::duration<double>(options_.seconds));
  stop_.expires_at(end_);
  stop_.async_wait([this](const boost::system::error_code&) { end(); });
  send_due();
  io_.run();
  result_.seconds = std::chrono::duration<double>(last_answer_ - begin_).count();
  return std::move(result_);
}

uint64_t LoadRun::requests_due(Tick now) const {
  if (interval_ == Duration(0)) return UINT64_MAX;
  // The schedule is [begin, end); requests that are due later are not sent.
  return static_cast<uint64_t>((std::min(now, end_ - Duration(1)) - begin_) / interval_) + 1;
}

void LoadRun::send_due() {
  if (ended_) return;
  const Tick now = clock_.tick();
  const uint64_t due = requests_due(now);
  while (requests_sent_ < due && !free_.empty()) {
    Connection& connection = *free_.front();
    free_.pop_front();
    send(connection, interval_ == Duration(0) ? clock_.tick() : due_time(requests_sent_));
  }
  if (requests_sent_ >= due) wake_at_next();
}

void LoadRun::wake_at_next() {
  pace_.expires_at(due_time(requests_sent_));
  pace_.async_wait([this](const boost::system::error_code& error) {
    if (!error) send_due();
  });
}

void LoadRun::send(Connection& connection, Tick due) {
  const uint64_t request = requests_sent_++;
  std::string body =
      content_.request(options_.first_span + request * options_.spans_per_request, clock_.wall());
  result_.plain_bytes += body.size();
  if (options_.gzip) body = gzip(body);
  result_.sent_bytes += body.size();
  connection.send(std::move(body), [this, &connection, due, request](Answer answer) {
    answered(connection, due, request, answer);
  });
}

void LoadRun::answered(Connection& connection, Tick due, uint64_t request, Answer answer) {
  last_answer_ = clock_.tick();
  ++requests_answered_;
  result_.latencies.add(last_answer_ - due);
  switch (answer) {
    case Answer::kOk:
      ++result_.requests_ok;
      for (uint32_t i = 0; i < options_.spans_per_request; ++i) {
        result_.ok.add(request * options_.spans_per_request + i);
      }
      break;
    case Answer::kRefusedWithDelay:
      ++result_.requests_refused_with_delay;
      break;
    case Answer::kRefusedWithoutDelay:
      ++result_.requests_refused_without_delay;
      break;
    case Answer::kFailed:
      ++result_.requests_failed;
      return rest(connection);
  }
  free_again(connection);
}

// Without this pause, a receiver that is down would be retried as fast as it can refuse.
void LoadRun::rest(Connection& connection) {
  auto timer = std::make_shared<boost::asio::steady_timer>(io_, kRestAfterFailure);
  timer->async_wait(
      [this, timer, &connection](const boost::system::error_code&) { free_again(connection); });
}

void LoadRun::free_again(Connection& connection) {
  free_.push_back(&connection);
  if (ended_ && requests_answered_ == requests_sent_) return io_.stop();
  send_due();
}

void LoadRun::end() {
  if (ended_) {  // the time for answers is over, too
    result_.requests_failed += requests_sent_ - requests_answered_;
    return io_.stop();
  }
  ended_ = true;
  pace_.cancel();
  if (interval_ > Duration(0)) {
    const uint64_t due = requests_due(end_);
    result_.requests_unsent = due - requests_sent_;
    for (uint64_t i = requests_sent_; i < due; ++i) result_.latencies.add(end_ - due_time(i));
  }
  if (requests_answered_ == requests_sent_) return io_.stop();
  stop_.expires_after(kAnswersTimeout);
  stop_.async_wait([this](const boost::system::error_code&) { end(); });
}

}  // namespace

LoadResult run_load(const LoadOptions& options) { return LoadRun(options).run(); }

}  // namespace dualtrace::bench
