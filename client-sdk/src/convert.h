// Generated protobuf messages to the SDK's own values. Decides nothing; what a newer daemon sends
// and this SDK does not know becomes kUnknown.

#ifndef HARK_CLIENT_SDK_SRC_CONVERT_H_
#define HARK_CLIENT_SDK_SRC_CONVERT_H_

#include <google/protobuf/timestamp.pb.h>

#include "hark/v1/account.pb.h"
#include "hark/v1/admin.pb.h"
#include "hark/v1/conversations.pb.h"
#include "hark/v1/messages.pb.h"
#include "hark/v1/search.pb.h"
#include "hark/v1/sync.pb.h"
#include "hark/v1/types.pb.h"

#include "hark/outbox.h"
#include "hark/types.h"
#include "hark/watch.h"

namespace hark::client {

[[nodiscard]] Time FromProto(const google::protobuf::Timestamp& from);
[[nodiscard]] Message FromProto(const v1::Message& from);
[[nodiscard]] Conversation FromProto(const v1::Conversation& from);
[[nodiscard]] ConversationPage FromProto(const v1::ListConversationsResponse& from);
[[nodiscard]] MessagePage FromProto(const v1::ListMessagesResponse& from);
[[nodiscard]] SyncStatus FromProto(const v1::SyncStatus& from);
[[nodiscard]] Trouble FromProto(v1::SyncStatus::Trouble from);
[[nodiscard]] AccountInfo FromProto(const v1::AccountInfo& from);
[[nodiscard]] VersionInfo FromProto(const v1::GetVersionResponse& from);
[[nodiscard]] Statistics FromProto(const v1::GetStatisticsResponse& from);
[[nodiscard]] RetentionPreview FromProto(const v1::PreviewRetentionResponse& from);
[[nodiscard]] RetentionOutcome FromProto(const v1::RunRetentionResponse& from);
[[nodiscard]] Role FromProto(v1::Role from);
[[nodiscard]] OutboxPage FromProto(const v1::ListOutboxResponse& from);
[[nodiscard]] SearchPage FromProto(const v1::SearchMessagesResponse& from);

// Events of streams; the position is the same for each kind.
[[nodiscard]] ConversationsSnapshot FromProto(const v1::WatchConversationsResponse::Snapshot& from);
[[nodiscard]] ConversationsDelta FromProto(const v1::WatchConversationsResponse::Delta& from);
[[nodiscard]] MessagesSnapshot FromProto(const v1::WatchMessagesResponse::Snapshot& from);
[[nodiscard]] MessagesDelta FromProto(const v1::WatchMessagesResponse::Delta& from);

}  // namespace hark::client

#endif  // HARK_CLIENT_SDK_SRC_CONVERT_H_
