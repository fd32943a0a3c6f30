// harkd.toml: text in, Settings out. Unknown keys and wrong types are errors with file and line,
// since a key that is silently ignored is worse than one that is refused.

#ifndef HARK_DAEMON_APP_CONFIG_FILE_H_
#define HARK_DAEMON_APP_CONFIG_FILE_H_

#include <filesystem>
#include <string>
#include <string_view>

#include "daemon/app/settings.h"
#include "daemon/base/result.h"

namespace hark::app {

// A page of text at most; anything larger is not our file.
inline constexpr std::size_t kConfigFileMaxBytes = std::size_t{64} * 1024;

// Pure. `name`: how errors call the file, as in "harkd.toml:7: unknown key 'backend.ulr'".
[[nodiscard]] Result<Settings> ParseConfigText(std::string_view text, const std::string& name);

// kNotFound: there is no such file. kInvalidArgument: it cannot be read, or what ParseConfigText()
// refuses.
[[nodiscard]] Result<Settings> ReadConfigFile(const std::filesystem::path& path);

}  // namespace hark::app

#endif  // HARK_DAEMON_APP_CONFIG_FILE_H_
