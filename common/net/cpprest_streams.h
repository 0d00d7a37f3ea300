// SPDX-License-Identifier: Apache-2.0
#pragma once
// The two stream buffers that an Exchange gives to cpprestsdk: one that supplies a request's body
// and cannot be rewound, so that cpprestsdk does not silently send it twice, and one that passes
// the answer on. Private to common_http_client; it includes cpprestsdk.
// Used from one thread.

#include <cpprest/astreambuf.h>
#include <cpprest/streams.h>

#include <functional>
#include <string_view>

#include "common/bytes/shared_bytes.h"

namespace dualtrace {

// Functions that every streambuf must implement but neither of ours needs.
class OneWayBuffer : public concurrency::streams::details::streambuf_state_manager<uint8_t> {
 public:
  using concurrency::streams::details::streambuf_state_manager<uint8_t>::streambuf_state_manager;

  bool can_seek() const override { return false; }
  bool has_size() const override { return false; }
  size_t buffer_size(std::ios_base::openmode) const override { return 0; }
  void set_buffer_size(size_t, std::ios_base::openmode) override {}
  size_t in_avail() const override { return 0; }
  pos_type getpos(std::ios_base::openmode) const override { return pos_type(traits::eof()); }
  pos_type seekpos(pos_type, std::ios_base::openmode) override { return pos_type(traits::eof()); }
  pos_type seekoff(off_type, std::ios_base::seekdir, std::ios_base::openmode) override {
    return pos_type(traits::eof());
  }
  bool acquire(uint8_t*&, size_t&) override { return false; }
  void release(uint8_t*, size_t) override {}

 protected:
  pplx::task<int_type> _putc(uint8_t byte) override;
  pplx::task<size_t> _putn(const uint8_t* bytes, size_t count) override;
  pplx::task<size_t> _getn(uint8_t* into, size_t count) override;
  pplx::task<int_type> _bumpc() override { return end(); }
  pplx::task<int_type> _getc() override { return end(); }
  pplx::task<int_type> _nextc() override { return end(); }
  pplx::task<int_type> _ungetc() override { return end(); }
  int_type _sbumpc() override { return traits::eof(); }
  int_type _sgetc() override { return traits::eof(); }
  size_t _scopy(uint8_t*, size_t) override { return 0; }
  pplx::task<bool> _sync() override { return pplx::task_from_result(true); }
  uint8_t* _alloc(size_t) override { return nullptr; }
  void _commit(size_t) override {}

 private:
  static pplx::task<int_type> end() { return pplx::task_from_result<int_type>(traits::eof()); }
};

class RequestBody final : public OneWayBuffer {
 public:
  explicit RequestBody(SharedByteChain body)
      : OneWayBuffer(std::ios_base::in), body_(std::move(body)) {}

 protected:
  pplx::task<size_t> _getn(uint8_t* into, size_t count) override;

 private:
  const SharedByteChain body_;
  size_t part_ = 0;   // the first that is not completely consumed
  size_t given_ = 0;  // bytes consumed of that one
};

// Accepts everything: after an error from here, cpprestsdk would wait forever for a task, on the
// very thread that should run it.
class ResponseBody final : public OneWayBuffer {
 public:
  using Piece = std::function<void(std::string_view)>;
  explicit ResponseBody(Piece piece) : OneWayBuffer(std::ios_base::out), piece_(std::move(piece)) {}

 protected:
  pplx::task<size_t> _putn(const uint8_t* bytes, size_t count) override;

 private:
  const Piece piece_;
};

}  // namespace dualtrace
