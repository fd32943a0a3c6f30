// What the user left lying about on this machine: drafts, and how far each window was scrolled.
// Never synced. Plain values.

#ifndef HARK_DAEMON_MODEL_USER_STATE_H_
#define HARK_DAEMON_MODEL_USER_STATE_H_

#include <cstdint>
#include <string>

#include "daemon/base/clock.h"
#include "daemon/model/ids.h"

namespace hark {

// What is being written in a conversation and is not sent.
struct Draft {
  ConversationId conversation;
  std::string text;  // Empty: cleared.
  // One rising number for all drafts of a store, made like a LocalRevision: the store's generation
  // in the upper 32 bits, changes since in the lower ones. So also a version that a crash took is
  // never used again. 0: there never was a draft.
  std::uint64_t version = 0;
  WallTime changed_at{};

  friend bool operator==(const Draft&, const Draft&) = default;
};

// Where one UI stands in one conversation.
struct ViewState {
  ConversationId conversation;
  std::string ui;           // The UI's own name for itself.
  MessageId message;        // Empty: none, only with `at_bottom`.
  std::int64_t offset = 0;  // From the message, in units of the UI's.
  bool at_bottom = false;
  // The message's place, so that its neighbours are known when it is gone. Of one that was not at
  // the backend: the last place there was.
  Sequence sequence = 0;
  WallTime set_at{};

  friend bool operator==(const ViewState&, const ViewState&) = default;
};

// A ViewState as it can be shown now.
struct ShownViewState {
  ViewState state;
  // The message to show: the one that was set or, if `nearest`, its nearest neighbour that is here.
  // Empty: there is none.
  MessageId message;
  bool nearest = false;

  friend bool operator==(const ShownViewState&, const ShownViewState&) = default;
};

}  // namespace hark

#endif  // HARK_DAEMON_MODEL_USER_STATE_H_
