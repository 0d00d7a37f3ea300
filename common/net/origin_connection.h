// SPDX-License-Identifier: Apache-2.0
#pragma once
// OriginConnection: one HTTP/1.1 connection to an origin, through its proxy if there is one:
// opened, used for one exchange after another, and watched while idle. It is reused only while the
// next bytes are certain to be the next answer: any unexpected data closes it. Private to
// common_http_client.
//
// Flow: open(), then exchange() as often as reusable(); idle() in between.
// Errors: close() ends pending operations with kCancelled.
// Used from one thread, the io_context's.

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/net/client_context.h"
#include "common/net/dial.h"
#include "common/net/http_sender.h"
#include "common/net/lookup.h"
#include "common/net/origin_stream.h"

namespace dualtrace {

class OriginConnection : public std::enable_shared_from_this<OriginConnection> {
 public:
  using Opened = std::function<void(Status)>;
  using Answered = std::function<void(Result<HttpResponse>)>;

  // All references outlive the object.
  OriginConnection(boost::asio::io_context& io, const HttpSenderOptions& options, Lookup& lookup,
                   ClientContext& tls);
  OriginConnection(const OriginConnection&) = delete;
  OriginConnection& operator=(const OriginConnection&) = delete;

  // `opened` is called once, never from within open().
  void open(Opened opened);
  // `answered` is called once, never from within exchange(). The connection must be open and
  // reusable().
  void exchange(HttpRequest request, Answered answered);
  // Whether another exchange may follow the last one.
  [[nodiscard]] bool reusable() const { return reusable_; }
  // How long it may stay idle after the last exchange.
  [[nodiscard]] Duration idle_max() const { return idle_max_; }
  // Watches the connection until the next exchange: `gone` is called when it becomes unusable.
  void idle(std::function<void()> gone);
  // Whether no data has arrived since the last answer.
  [[nodiscard]] bool is_quiet() { return stream_ != nullptr && stream_->is_quiet(); }
  void close();

  // The current step of opening, for an error: "looking up the name".
  [[nodiscard]] const char* step() const { return step_; }
  [[nodiscard]] bool looks_up() const { return dial_ == nullptr && stream_ == nullptr; }

 private:
  using ErrorCode = boost::system::error_code;
  using Parser = boost::beast::http::response_parser<boost::beast::http::buffer_body>;

  void found(const Result<Addresses>& addresses);
  void connected(Result<boost::asio::ip::tcp::socket> socket);
  [[nodiscard]] Status prepare_proxy();
  void ask_for_tunnel();
  void read_tunnel_head();
  void tunnel_head_read(const ErrorCode& error);
  void secure();
  void opened(Status status);

  void write_more();
  void written(const ErrorCode& error);
  bool fill_piece();
  void read_head();
  void head_read(const ErrorCode& error);
  void read_body();
  void body_read(ErrorCode error);
  void keep_body(size_t bytes);
  void finish();
  void answered(Result<HttpResponse> answer);
  [[nodiscard]] std::string request_head(const HttpRequest& request) const;
  [[nodiscard]] Error failure(const std::string& what, const ErrorCode& error) const;
  [[nodiscard]] Duration promised_idle() const;

  boost::asio::io_context& io_;
  const HttpSenderOptions& options_;
  Lookup& lookup_;
  ClientContext& tls_;

  const char* step_ = "looking up the name";
  bool closed_ = false;
  ProxyAuthorization proxy_authorization_;
  Opened opened_;
  std::shared_ptr<Dial> dial_;
  std::unique_ptr<OriginStream> stream_;
  boost::asio::steady_timer timer_;  // bounds opening, then idling

  bool reusable_ = false;
  Duration idle_max_{};
  uint64_t idling_ = 0;  // counts watches, so that a late event of an earlier one is ignored

  Answered answered_;
  // The request: its head and the parts of its body, written piece by piece.
  std::string head_;
  SharedByteChain body_;
  size_t part_ = 0;
  size_t given_ = 0;
  std::string piece_;
  std::string_view writing_;
  bool written_ = false;
  // The answer.
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::vector<char> chunk_;
  int interim_ = 0;
  HttpResponse response_;
};

}  // namespace dualtrace
