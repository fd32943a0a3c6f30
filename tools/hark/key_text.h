// What hark shows of the keys.

#ifndef HARK_TOOLS_HARK_KEY_TEXT_H_
#define HARK_TOOLS_HARK_KEY_TEXT_H_

#include <string>

#include "hark/keys.h"
#include "tools/hark/json_line.h"
#include "tools/hark/output.h"

namespace hark::cli {

void AddFields(JsonLine& line, const client::KeyStatus& keys);
// "ready, in the key store 'file', …", "LOCKED: …".
[[nodiscard]] std::string KeySentence(const client::KeyStatus& keys);
[[nodiscard]] Style StyleOf(client::KeyStatus::State state);

}  // namespace hark::cli

#endif  // HARK_TOOLS_HARK_KEY_TEXT_H_
