// The files of service-files/, in the program: made at build time, so that there is one source.

#ifndef HARK_TOOLS_HARK_SERVICE_TEXTS_H_
#define HARK_TOOLS_HARK_SERVICE_TEXTS_H_

namespace hark::cli {

extern const char* const kSystemdService;
extern const char* const kSystemdSocket;
extern const char* const kSystemdUserNamespace;
extern const char* const kLaunchdAgent;

}  // namespace hark::cli

#endif  // HARK_TOOLS_HARK_SERVICE_TEXTS_H_
