#include "daemon/app/backend_route.h"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "daemon/app/options.h"
#include "daemon/base/check.h"
#include "daemon/transport/endpoint.h"
#include "daemon/transport/proxy.h"
#include "daemon/transport/websocket_backend.h"

namespace hark::app {
namespace {

// Whoever it is, it does not prove to be the backend.
bool IsUnbelieved(Trouble trouble) {
  constexpr std::array kUnbelieved{Trouble::kCertificateExpired, Trouble::kCertificateNotYetValid,
                                   Trouble::kCertificateHost, Trouble::kCertificateUntrusted,
                                   Trouble::kPin};
  return std::ranges::find(kUnbelieved, trouble) != kUnbelieved.end();
}

}  // namespace

std::shared_ptr<transport::Backend> MakeBackend(const Config& config,
                                                const Environment& environment) {
  transport::WebsocketOptions options;
  options.url = config.backend_url;
  options.encoding =
      config.encoding == Encoding::kJson ? transport::Encoding::kJson : transport::Encoding::kProto;
  if (config.ca_file) options.ca_file = config.ca_file->string();
  if (!config.pins.empty()) {
    Result<transport::Pins> pins = transport::ParsePins(config.pins);
    HARK_CHECK(pins.has_value());  // settings.cc lets no others through.
    options.pins = std::move(*pins);
  }
  options.proxy = std::make_shared<const transport::ProxySettings>(transport::ReadProxySettings(
      [&environment](const std::string& name) { return environment.Get(name); }));
  // Without TLS it is on this machine: compressing costs more than copying.
  options.deflate = !config.backend_url.starts_with("ws://");
  options.user_agent = "harkd/" + std::string(Version());
  return std::make_shared<transport::WebsocketBackend>(std::move(options));
}

std::string DescribeRoute(const Config& config, const Environment& environment) {
  const auto endpoint = transport::ParseEndpoint(config.backend_url);
  if (!endpoint) return {};
  const transport::ProxySettings settings = transport::ReadProxySettings(
      [&environment](const std::string& name) { return environment.Get(name); });
  const auto proxy = transport::ProxyFor(settings, *endpoint);
  if (!proxy) return "# proxy_problem = \"" + proxy.error().message + "\"\n";
  if (!*proxy) return {};
  const std::string& host = (*proxy)->host;
  const bool bare = host.find(':') != std::string::npos;  // An IPv6 address.
  return "# proxy = \"" + (bare ? "[" + host + "]" : host) + ":" + std::to_string((*proxy)->port) +
         "\"\n";
}

std::string TryBackend(const Config& config, const Environment& environment) {
  boost::asio::io_context io(1);
  const auto backend = MakeBackend(config, environment);
  std::string found;
  auto connecting = backend->Connect();
  boost::asio::co_spawn(io, std::move(connecting),
                        [&found](const std::exception_ptr&,
                                 const Result<std::unique_ptr<transport::Session>>& connected) {
                          if (connected) return;
                          std::string sentence = connected.error().message;
                          std::ranges::replace(sentence, '"', '\'');
                          found = "problem = \"" + sentence + "\"\n";
                          if (IsUnbelieved(connected.error().trouble))
                            found += "believed = false\n";
                        });
  io.run();
  return found;
}

}  // namespace hark::app
