// hark admin: what is rarely needed.

#include <string>

#include "tools/hark/command.h"
#include "tools/hark/exit_code.h"
#include "tools/hark/text.h"

namespace hark::cli {

int RollBack(Session& session) {
  const auto done = session.client.RollBack(session.arguments.force);
  if (!done) return Report(done.error());
  if (session.output.json()) {
    JsonLine line;
    line.Text("type", "rolled_back");
    line.Number("from_cache", done->from_cache).Number("from_authored", done->from_authored);
    line.Number("to_cache", done->to_cache).Number("to_authored", done->to_authored);
    line.Number("entries_lost", done->entries_lost).Text("aside", done->aside);
    session.output.Json(line);
    return kOk;
  }
  session.output.Line("The files are as the older version left them (schemas " +
                      std::to_string(done->to_cache) + " and " + std::to_string(done->to_authored) +
                      "). Install that version and start it.");
  if (done->entries_lost > 0)
    session.output.Line(std::to_string(done->entries_lost) + " unsent entries are not in them.");
  session.output.Line("What was replaced is in " + Printable(done->aside));
  return kOk;
}

}  // namespace hark::cli
