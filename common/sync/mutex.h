// SPDX-License-Identifier: Apache-2.0
#pragma once
// Mutex, Lock and CondVar: std's, with the annotations that clang's -Wthread-safety reads. A mutex
// guards data, not code: hold it briefly, call nothing outside the class, and never hold two.
// Thread-safe.

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define DT_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define DT_THREAD_ANNOTATION(x)
#endif
#define DT_GUARDED_BY(mutex) DT_THREAD_ANNOTATION(guarded_by(mutex))
#define DT_REQUIRES(mutex) DT_THREAD_ANNOTATION(requires_capability(mutex))

namespace dualtrace {

class DT_THREAD_ANNOTATION(capability("mutex")) Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() DT_THREAD_ANNOTATION(acquire_capability()) { mutex_.lock(); }
  void unlock() DT_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

class DT_THREAD_ANNOTATION(scoped_lockable) Lock {
 public:
  explicit Lock(Mutex& mutex) DT_THREAD_ANNOTATION(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.lock();
  }
  ~Lock() DT_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  Mutex& mutex_;
};

// Wait in a loop that re-reads the guarded condition: wake-ups can be spurious.
// Not a condition_variable_any, which notifies under a mutex of its own: the thread that wakes up
// needs that mutex first, and usually goes back to sleep at once until the notifier releases it.
class CondVar {
 public:
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }
  void wait(Mutex& mutex) DT_REQUIRES(mutex) {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();  // the caller still holds it
  }
  // Returns false once `when` has passed.
  template <typename TimePoint>
  bool wait_until(Mutex& mutex, TimePoint when) DT_REQUIRES(mutex) {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    const bool notified = condition_.wait_until(lock, when) == std::cv_status::no_timeout;
    lock.release();
    return notified;
  }

 private:
  std::condition_variable condition_;
};

}  // namespace dualtrace
