// SPDX-License-Identifier: Apache-2.0
#include "common/kube/program.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>

extern char** environ;

namespace dualtrace::kube {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int get() const { return fd_; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

// NAME=value, and pointers to them with a null at the end, as execve expects them.
class Strings {
 public:
  explicit Strings(std::vector<std::string> texts) : texts_(std::move(texts)) {
    for (std::string& text : texts_) pointers_.push_back(text.data());
    pointers_.push_back(nullptr);
  }
  [[nodiscard]] char** get() { return pointers_.data(); }

 private:
  std::vector<std::string> texts_;
  std::vector<char*> pointers_;
};

Strings environment_of(const Program& program) {
  std::vector<std::string> texts;
  for (const auto& [name, value] : program.environment) texts.push_back(name + "=" + value);
  const size_t own = texts.size();
  for (char** inherited = environ; *inherited != nullptr; ++inherited) {
    const std::string_view text = *inherited;
    const std::string_view name = text.substr(0, text.find('=') + 1);
    const auto replaces = [&](const std::string& one) { return one.starts_with(name); };
    const auto end = texts.begin() + static_cast<ptrdiff_t>(own);
    if (std::none_of(texts.begin(), end, replaces)) texts.emplace_back(text);
  }
  return Strings(std::move(texts));
}

Strings arguments_of(const Program& program) {
  std::vector<std::string> texts{program.command};
  texts.insert(texts.end(), program.arguments.begin(), program.arguments.end());
  return Strings(std::move(texts));
}

// In its own process group, with no signal blocked. 0 or an errno.
int spawn(const Program& program, int output, pid_t& pid) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  posix_spawnattr_setpgroup(&attributes, 0);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  Strings arguments = arguments_of(program);
  Strings environment = environment_of(program);
  const int error = posix_spawnp(&pid, program.command.c_str(), &files, &attributes,
                                 arguments.get(), environment.get());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  return error;
}

// Reads what is available; returns false at the end.
bool read_some(int fd, std::string& into) {
  std::array<char, 16384> buffer;
  const ssize_t size = ::read(fd, buffer.data(), buffer.size());
  if (size > 0) into.append(buffer.data(), static_cast<size_t>(size));
  return size > 0 || (size < 0 && (errno == EAGAIN || errno == EINTR));
}

// Reads until the program has ended, and then what is left in the pipe. It does not wait for other
// processes that keep the pipe open.
Result<std::string> read_until_end(int output, int process, Tick end, size_t bytes_max,
                                   const Clock& clock) {
  std::string text;
  bool open = true;
  bool running = true;
  while (running) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - clock.tick()).count();
    if (left <= 0) return fail(ErrorKind::kCancelled, "it did not end in time");
    std::array<pollfd, 2> polled{{{process, POLLIN, 0}, {open ? output : -1, POLLIN, 0}}};
    ::poll(polled.data(), polled.size(), static_cast<int>(std::min<int64_t>(left, 60'000)));
    running = polled[0].revents == 0;
    if (polled[1].revents != 0) open = read_some(output, text);
    if (text.size() > bytes_max) return fail(ErrorKind::kExhausted, "it printed too much");
  }
  for (size_t before = text.size() + 1;
       open && text.size() <= bytes_max && before != text.size();) {
    before = text.size();
    open = read_some(output, text);
  }
  if (text.size() > bytes_max) return fail(ErrorKind::kExhausted, "it printed too much");
  return text;
}

std::optional<int> exit_code_of(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status)) return std::nullopt;
  return WEXITSTATUS(status);
}

}  // namespace

Result<std::string> run_program(const Program& program, Duration time_limit,
                                size_t output_bytes_max, const Clock& clock) {
  const Tick end = clock.tick() + time_limit;
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
    return fail(ErrorKind::kUnavailable, std::string("pipe: ") + std::strerror(errno));
  }
  const Descriptor output(pipe[0]);
  Descriptor input(pipe[1]);
  ::fcntl(output.get(), F_SETFL, O_NONBLOCK);
  pid_t pid = 0;
  const int error = spawn(program, input.get(), pid);
  input.close();
  if (error != 0) {
    return fail(error == ENOENT ? ErrorKind::kNotFound : ErrorKind::kUnavailable,
                std::string("it cannot be run: ") + std::strerror(error));
  }
  // Not pidfd_open(): glibc 2.36 declares it without extern "C".
  const Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  const bool watched = process.get() >= 0;
  auto text = watched
                  ? read_until_end(output.get(), process.get(), end, output_bytes_max, clock)
                  : fail(ErrorKind::kUnavailable, std::string("pidfd: ") + std::strerror(errno));
  ::kill(-pid, SIGKILL);
  const auto code = exit_code_of(pid);
  if (!text) return text;
  if (!code) return fail(ErrorKind::kUnavailable, "it was killed");
  if (*code != 0) return fail(ErrorKind::kUnavailable, "it ended with " + std::to_string(*code));
  return text;
}

}  // namespace dualtrace::kube
