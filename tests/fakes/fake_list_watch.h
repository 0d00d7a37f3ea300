// SPDX-License-Identifier: Apache-2.0
#pragma once
// FakeListWatch: lists and watches that a test answers explicitly. Destroyed watches are marked as
// closed. Whatever a test sends on a closed one is dropped, according to the contract of Watch.
// Used from one thread.

#include <deque>
#include <string>
#include <utility>

#include "common/kube/list_watch.h"

namespace dualtrace::kube {

class FakeListWatch final : public ListWatch {
 public:
  struct Listed {
    Selection selection;
    ListRequest request;
    std::function<void(Result<ListPage>)> done;  // empty once answered
  };
  struct Watched {
    Selection selection;
    std::string resource_version;
    Duration lasting{};
    bool lists_first = false;
    WatchReader reader;
    bool open = true;

    void send(const Json& event) const { send_line(to_text(event)); }
    void send_line(std::string line) const {
      if (open) reader.line(std::move(line));
    }
    void end(Status status) {
      if (std::exchange(open, false)) reader.ended(std::move(status));
    }
  };

  // Trims the objects that it passes on, as the real one does.
  void list(const Selection& selection, const ListRequest& request,
            std::function<void(Result<ListPage>)> done) override {
    lists.push_back(
        {selection, request, [selection, done = std::move(done)](Result<ListPage> page) {
           if (page) {
             for (Json& item : page->items) make_keepable(selection, item);
           }
           done(std::move(page));
         }});
  }
  std::unique_ptr<Watch> watch(const Selection& selection, const WatchRequest& request,
                               WatchReader reader) override {
    watches.push_back(
        std::make_shared<Watched>(Watched{selection, request.resource_version, request.lasting,
                                          request.lists_first, std::move(reader)}));
    return std::make_unique<Handle>(watches.back());
  }

  void answer(Result<ListPage> page) { std::exchange(lists.back().done, nullptr)(std::move(page)); }
  [[nodiscard]] Watched& last_watch() const { return *watches.back(); }
  [[nodiscard]] size_t requests() const { return lists.size() + watches.size(); }

  std::deque<Listed> lists;
  std::deque<std::shared_ptr<Watched>> watches;

 private:
  class Handle final : public Watch {
   public:
    explicit Handle(std::shared_ptr<Watched> watched) : watched_(std::move(watched)) {}
    ~Handle() override { watched_->open = false; }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;

   private:
    const std::shared_ptr<Watched> watched_;
  };
};

}  // namespace dualtrace::kube
