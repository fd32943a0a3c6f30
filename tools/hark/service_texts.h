// The files of service-files/, in the program: made at build time, so that there is one source.

#ifndef HARK_TOOLS_HARK_SERVICE_TEXTS_H_
#define HARK_TOOLS_HARK_SERVICE_TEXTS_H_

namespace hark::cli {

[[nodiscard]] const char* SystemdService();
[[nodiscard]] const char* SystemdSocket();
[[nodiscard]] const char* SystemdUserNamespace();
[[nodiscard]] const char* LaunchdAgent();

}  // namespace hark::cli

#endif  // HARK_TOOLS_HARK_SERVICE_TEXTS_H_
