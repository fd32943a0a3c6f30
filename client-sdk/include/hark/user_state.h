// What the user left lying about on this machine: drafts, shared by all windows of all UIs, and how
// far each window was scrolled. proto/hark/v1/drafts.proto and view_states.proto are the contract.

#ifndef HARK_CLIENT_USER_STATE_H_
#define HARK_CLIENT_USER_STATE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "hark/types.h"

namespace hark::client {

// Text of one draft, in bytes.
inline constexpr std::size_t kMaxDraftBytes = 65'536;
// A UI's name for itself, in bytes.
inline constexpr std::size_t kMaxUiNameBytes = 64;

// What is being written in a conversation and is not sent.
struct Draft {
  std::string conversation_id;
  // Empty: there is none, or it was cleared.
  std::string text;
  // Rises with each change, over all drafts. 0: there never was one.
  std::uint64_t version = 0;
  // Absent with version 0.
  std::optional<Time> changed_at;
};

struct SetDraftRequest {
  std::string conversation_id;
  // UTF-8, at most kMaxDraftBytes bytes. Empty clears the draft.
  std::string text;
  // Draft::version of what the text was made from: the latest of this conversation that the window
  // has shown; 0: it has seen none.
  std::uint64_t base_version = 0;
  // Return when it is on disk and synced. Otherwise it is within 500 ms.
  bool flush = false;
};

struct SetDraftResult {
  // Nothing was changed: another window was faster, and `draft` is newer than base_version. Show
  // it, or ask the person; its version as base_version overwrites it after all.
  bool conflict = false;
  // As it is now. Its version is the base_version of the next change.
  Draft draft;
};

struct SetViewStateRequest {
  std::string conversation_id;
  // Who keeps its place, 1 to kMaxUiNameBytes bytes: "desktop", "desktop/window-2".
  std::string ui;
  // The message that the view hangs on. May be empty with at_bottom.
  std::string message_id;
  // How far from it, in units of the UI's choosing.
  std::int64_t offset = 0;
  // The view follows the newest message.
  bool at_bottom = false;
};

// Where a UI stood.
struct ViewState {
  // The message to hang the view on. Empty: none was set, or no message of the conversation is
  // here.
  std::string message_id;
  // Of the message that was set; means nothing if `nearest`.
  std::int64_t offset = 0;
  bool at_bottom = false;
  // The message that was set is not here: message_id is its nearest neighbour that is.
  bool nearest = false;
  // As it was set.
  std::string set_message_id;
  std::optional<Time> set_at;
};

}  // namespace hark::client

#endif  // HARK_CLIENT_USER_STATE_H_
