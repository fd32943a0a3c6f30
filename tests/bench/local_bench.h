// What the helpers of local_bench.py share: one clock for all processes, connections of their own,
// and requests and answers as bytes.

#ifndef HARK_TESTS_BENCH_LOCAL_BENCH_H_
#define HARK_TESTS_BENCH_LOCAL_BENCH_H_

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <grpcpp/create_channel_posix.h>
#include <grpcpp/grpcpp.h>

namespace hark::bench {

// CLOCK_MONOTONIC: the same in every process of the machine.
inline std::int64_t Nanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

[[noreturn]] inline void Die(const std::string& why) {
  std::cerr << why << '\n';
  std::_Exit(1);
}

// A connected descriptor; waits for somebody to listen, looking 10 times a millisecond, so that no
// backoff of gRPC's is measured.
inline int ConnectRaw(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) Die("the socket's path is too long");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const std::int64_t patience = Nanoseconds() + 60'000'000'000;
  while (Nanoseconds() < patience) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) Die("no descriptor is left");
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the interface of sockets.
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
      ::fcntl(fd, F_SETFL, O_NONBLOCK);
      return fd;
    }
    ::close(fd);
    ::usleep(100);
  }
  Die("nobody listens on " + path);
}

// A connection that nobody else uses.
inline std::shared_ptr<grpc::Channel> Connect(const std::string& path) {
  return grpc::CreateInsecureChannelFromFd("unix:" + path, ConnectRaw(path));
}

inline std::string Bytes(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string out;
  if (!buffer.Dump(&slices).ok()) return out;
  for (const grpc::Slice& slice : slices) {
    out.append(slice.begin(), slice.end());
  }
  return out;
}

inline grpc::ByteBuffer Buffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

// Requests and what was answered, as `pages collect` wrote them: lengths of 4 bytes before each.
using Exchange = std::pair<std::string, std::string>;

inline std::vector<Exchange> ReadExchanges(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const auto next = [&file](std::string& out) {
    std::uint32_t size = 0;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes.
    if (!file.read(reinterpret_cast<char*>(&size), sizeof(size))) return false;
    out.resize(size);
    return size == 0 || !!file.read(out.data(), size);
  };
  std::vector<Exchange> exchanges;
  Exchange one;
  while (next(one.first) && next(one.second)) exchanges.push_back(one);
  return exchanges;
}

inline void WriteExchanges(const std::string& path, const std::vector<Exchange>& exchanges) {
  std::ofstream file(path, std::ios::binary);
  for (const auto& [request, response] : exchanges) {
    for (const std::string* part : {&request, &response}) {
      const auto size = static_cast<std::uint32_t>(part->size());
      // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes.
      file.write(reinterpret_cast<const char*>(&size), sizeof(size));
      file.write(part->data(), static_cast<std::streamsize>(part->size()));
    }
  }
}

// {"n": …, "p50": …, "p99": …, "max": …} of the values, in their unit.
inline std::string Summary(std::vector<double> values) {
  if (values.empty()) return R"({"n": 0, "p50": 0, "p99": 0, "max": 0})";
  std::sort(values.begin(), values.end());
  const auto at = [&](double part) {
    return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
  };
  return "{\"n\": " + std::to_string(values.size()) + ", \"p50\": " + std::to_string(at(0.5)) +
         ", \"p99\": " + std::to_string(at(0.99)) + ", \"max\": " + std::to_string(at(1)) + "}";
}

}  // namespace hark::bench

#endif  // HARK_TESTS_BENCH_LOCAL_BENCH_H_
