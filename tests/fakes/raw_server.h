// SPDX-License-Identifier: Apache-2.0
#pragma once
// RawServer: accepts on a loopback port and runs one function for each connection, one after
// another, on its own thread; the function writes valid or invalid HTTP. The connection ends when
// it returns.

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace dualtrace {

class RawServer {
 public:
  using Conversation = std::function<void(boost::asio::ip::tcp::socket&)>;
  explicit RawServer(Conversation conversation)
      : acceptor_(io_, boost::asio::ip::tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)),
        conversation_(std::move(conversation)),
        thread_([this] { accept(); }) {}
  ~RawServer() {
    stopping_ = true;
    boost::asio::io_context io;
    boost::system::error_code error;
    boost::asio::ip::tcp::socket(io).connect(acceptor_.local_endpoint(), error);
    thread_.join();
  }
  [[nodiscard]] uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  void accept() {
    while (true) {
      boost::system::error_code error;
      boost::asio::ip::tcp::socket socket = acceptor_.accept(error);
      if (stopping_) return;
      try {
        conversation_(socket);
      } catch (const boost::system::system_error&) {
        // The client closed the connection.
      }
    }
  }

  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  Conversation conversation_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

inline std::string read_head(boost::asio::ip::tcp::socket& socket) {
  std::string text;
  const size_t size =
      boost::asio::read_until(socket, boost::asio::dynamic_buffer(text), "\r\n\r\n");
  text.resize(size);
  return text;
}

inline void write(boost::asio::ip::tcp::socket& socket, std::string_view text) {
  boost::asio::write(socket, boost::asio::buffer(text));
}

}  // namespace dualtrace
