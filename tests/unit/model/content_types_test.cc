// Types that hold what a person wrote, or a secret, cannot get into a log, a stream or a format
// string (guarantee G10). The compiler is the test.

#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>

#include <gtest/gtest.h>
#include <spdlog/fmt/fmt.h>

#include "daemon/base/locked_memory.h"
#include "daemon/base/log.h"
#include "daemon/base/secret.h"
#include "daemon/model/conversation.h"
#include "daemon/model/message.h"
#include "daemon/model/outbox.h"
#include "daemon/model/user_state.h"
#include "daemon/store/reader.h"
#include "daemon/store/search.h"
#include "daemon/store/user_state.h"
#include "daemon/store/writer.h"
#include "daemon/transport/frames.h"
#include "daemon/transport/proxy.h"

namespace hark {
namespace {

template <typename T>
concept Streamable = requires(std::ostream& out, const T& value) { out << value; };

template <typename T>
concept Formattable = fmt::is_formattable<T>::value;

template <typename T>
concept Loggable = std::is_constructible_v<log::Field, std::string_view, const T&>;

template <typename... T>
concept Silent = ((!Streamable<T> && !Formattable<T> && !Loggable<T>) && ...);

// The check sees what it looks for.
static_assert(Streamable<std::string> && Formattable<std::string> && Loggable<int>);
static_assert(!Silent<std::string> && !Silent<int> && !Silent<Error>);

static_assert(Silent<Secret, LockedMemory, transport::Proxy, transport::ProxySettings>);
static_assert(Silent<Message, DeliveryFailure, PendingChange, OutboxEntry>);
static_assert(Silent<Conversation, ConversationSummary>);
static_assert(Silent<Draft, ViewState, ShownViewState, store::UserStateChanges>);
static_assert(Silent<store::MessagePage, store::ConversationPage, store::OutgoingEntry,
                     store::OutboxState, store::ApplyMessage, store::ApplyHistory, store::Batch>);
static_assert(Silent<store::SearchQuery, store::SearchResult, store::SearchPage, store::Snippet>);
static_assert(
    Silent<transport::Hello, transport::Append, transport::Edit, transport::History,
           transport::Changes, transport::ConversationPage, transport::Partial, transport::Refused,
           transport::TokenRenewed, transport::ClientFrame, transport::ServerFrame>);

TEST(ContentTypes, CannotBeLogged) {
  SUCCEED() << "the assertions above hold, or this would not have been built";
}

}  // namespace
}  // namespace hark
