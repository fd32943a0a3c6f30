#ifndef HARK_TOOLS_BACKEND_VERSION_H_
#define HARK_TOOLS_BACKEND_VERSION_H_

// The backend's name for logs, for Welcome.server and for --version. HARK_VERSION comes from
// CMake's project().

namespace hark::backend {

inline constexpr char kVersion[] = HARK_VERSION;
inline constexpr char kServerName[] = "hark-backend/" HARK_VERSION;

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_VERSION_H_
