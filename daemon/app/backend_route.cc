#include "daemon/app/backend_route.h"

#include "daemon/transport/endpoint.h"
#include "daemon/transport/proxy.h"

namespace hark::app {

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

}  // namespace hark::app
