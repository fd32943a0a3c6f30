// Connects with hark::Client, which starts the daemon if there is none, and prints the daemon's
// process id.
//
//   start_client SOCKET PROGRAM [ARGUMENT …]

#include <chrono>
#include <iostream>

#include "hark/client.h"

int main(int argc, char** argv) {
  hark::client::ConnectOptions options;
  options.socket_path = argc > 1 ? argv[1] : "";
  options.daemon_program = argc > 2 ? argv[2] : "";
  // Many at once on a busy machine: nothing here waits for the time to pass.
  if (argc > 2) options.wait = options.call_timeout = std::chrono::minutes(1);
  for (int i = 3; i < argc; ++i) options.daemon_arguments.emplace_back(argv[i]);
  auto client = hark::Client::Connect(options);
  if (!client) {
    std::cerr << ToString(client.error().code) << ": " << client.error().message << std::endl;
    return 1;
  }
  const auto version = client->GetVersion();
  if (!version) {
    std::cerr << ToString(version.error().code) << ": " << version.error().message << std::endl;
    return 1;
  }
  std::cout << version->process_id << std::endl;
  return 0;
}
