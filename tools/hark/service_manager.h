// What the service manager knows of harkd, and carrying out a plan.

#ifndef HARK_TOOLS_HARK_SERVICE_MANAGER_H_
#define HARK_TOOLS_HARK_SERVICE_MANAGER_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "tools/hark/exit_code.h"
#include "tools/hark/service_plan.h"

namespace hark::cli {

enum class ServiceManager { kSystemd, kLaunchd };

// The one of this system.
[[nodiscard]] ServiceManager ManagerHere();

// Why the person's service manager cannot be asked; nothing: it can.
[[nodiscard]] std::optional<std::string> ManagerProblem(ServiceManager manager);

// systemd's properties of a unit of the person's: ActiveState and so on. Empty: it does not answer.
[[nodiscard]] std::map<std::string, std::string> UnitProperties(const std::string& unit);
// Pure: "Name=value" lines.
[[nodiscard]] std::map<std::string, std::string> ParseProperties(std::string_view text);

// Whether a unit of the person's may use user namespaces: tried with a unit of that kind.
[[nodiscard]] bool UserNamespacesWork();

// Writes, removes and runs. Says on stderr what went wrong, and gives the exit code. A file that
// somebody else wrote is not touched: kConflict.
[[nodiscard]] ExitCode CarryOut(const ServicePlan& plan);

}  // namespace hark::cli

#endif  // HARK_TOOLS_HARK_SERVICE_MANAGER_H_
