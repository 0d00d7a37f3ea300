// SPDX-License-Identifier: Apache-2.0
#include "common/net/lookup.h"

#include <netdb.h>
#include <pthread.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <cstring>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include "common/sync/mutex.h"

namespace dualtrace {

using boost::asio::ip::tcp;

// State shared by the thread and its Lookup; whichever ends last frees it.
struct Lookup::Asker {
  Mutex mutex;
  Lookup* lookup DT_GUARDED_BY(mutex) = nullptr;  // null: abandoned

  static void report(const std::shared_ptr<Asker>& from, Result<Addresses> addresses) {
    // Post under the lock: until then the Lookup, and therefore its io_context, cannot be
    // destroyed.
    const Lock lock(from->mutex);
    if (from->lookup == nullptr) return;
    boost::asio::post(from->lookup->io_, [asker = from, addresses = std::move(addresses)] {
      Lookup* owner = nullptr;
      {
        const Lock again(asker->mutex);
        owner = asker->lookup;
      }
      if (owner != nullptr) owner->answer(addresses);
    });
  }
};

Result<Addresses> resolve_by_system(const HostPort& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* first = nullptr;
  const int code =
      getaddrinfo(host.host.c_str(), std::to_string(host.port).c_str(), &hints, &first);
  if (code != 0) {
    return fail(ErrorKind::kUnavailable,
                std::string("the name cannot be resolved: ") + gai_strerror(code));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(first, &freeaddrinfo);
  Addresses addresses;
  for (const addrinfo* each = first; each != nullptr; each = each->ai_next) {
    tcp::endpoint endpoint;
    if (each->ai_addrlen > endpoint.capacity()) continue;
    std::memcpy(endpoint.data(), each->ai_addr, each->ai_addrlen);
    endpoint.resize(each->ai_addrlen);
    addresses.push_back(endpoint);
  }
  if (addresses.empty()) return fail(ErrorKind::kUnavailable, "the name has no address");
  return addresses;
}

Lookup::Lookup(boost::asio::io_context& io, HostPort host, Resolve resolve)
    : io_(io), host_(std::move(host)), resolve_(std::move(resolve)) {}

Lookup::~Lookup() {
  if (asker_ == nullptr) return;
  const Lock lock(asker_->mutex);
  asker_->lookup = nullptr;
}

void Lookup::find(Found found) {
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(host_.host, error);
  if (!error) {
    boost::asio::post(io_,
                      [found = std::move(found), endpoint = tcp::endpoint(address, host_.port)] {
                        found(Addresses{endpoint});
                      });
    return;
  }
  waiting_.push_back(std::move(found));
  if (asker_ == nullptr) start();
}

void Lookup::start() {
  asker_ = std::make_shared<Asker>();
  {
    const Lock lock(asker_->mutex);
    asker_->lookup = this;
  }
  try {
    std::thread thread([asker = asker_, host = host_, resolve = resolve_] {
      Asker::report(asker, resolve(host));
    });
    pthread_setname_np(thread.native_handle(), "dt-lookup");
    thread.detach();
  } catch (const std::system_error& error) {
    Asker::report(asker_, fail(ErrorKind::kUnavailable, std::string("no thread: ") + error.what()));
  }
}

void Lookup::answer(const Result<Addresses>& addresses) {
  asker_.reset();
  for (const Found& found : std::exchange(waiting_, {})) found(addresses);
}

}  // namespace dualtrace
