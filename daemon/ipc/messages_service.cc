// hark.v1.Messages.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "hark/v1/messages.grpc.pb.h"

#include "daemon/base/histogram.h"
#include "daemon/ipc/convert_message.h"
#include "daemon/ipc/convert_outbox.h"
#include "daemon/ipc/convert_status.h"
#include "daemon/ipc/message_page.h"
#include "daemon/ipc/messages_topic.h"
#include "daemon/ipc/page_request.h"
#include "daemon/ipc/requests.h"
#include "daemon/ipc/services.h"
#include "daemon/ipc/stream_call.h"
#include "daemon/ipc/tokens.h"
#include "daemon/ipc/unary.h"
#include "daemon/ipc/watch_stream.h"

namespace hark::ipc {
namespace {

using Api = v1::Messages;
using Reading = Api::WithRawCallbackMethod_ListMessages<
    Api::WithRawCallbackMethod_WatchMessages<Api::WithRawCallbackMethod_ListOutbox<Api::Service>>>;
using Writing = Api::WithRawCallbackMethod_SendMessage<
    Api::WithRawCallbackMethod_EditMessage<Api::WithRawCallbackMethod_DeleteMessage<Reading>>>;
using Base = Api::WithRawCallbackMethod_RetryMessage<Api::WithRawCallbackMethod_RetryMessages<
    Api::WithRawCallbackMethod_SkipMessage<Api::WithRawCallbackMethod_CancelMessage<Writing>>>>;

// Takes the id out of the request.
Result<store::OutboxQuery> CheckedOutbox(v1::ListOutboxRequest& in) {
  store::OutboxQuery query;
  auto conversation = CheckedConversationOrAll(std::move(*in.mutable_conversation_id()));
  if (!conversation) return tl::unexpected(conversation.error());
  query.conversation = *std::move(conversation);
  query.stopped = in.failed_only();
  const auto size = CheckedPageSize(in.page_size(), "page_size");
  if (!size) return tl::unexpected(size.error());
  query.limit = *size;
  if (!in.page_token().empty()) {
    const auto after = ParseOutboxToken(in.page_token());
    if (!after) return Fail(ErrorCode::kInvalidArgument, "page_token is not one of this daemon's");
    query.after = *after;
  }
  return query;
}

class MessagesService final : public Base {
 public:
  explicit MessagesService(const ServiceContext& context) : context_(context) {}

  grpc::ServerUnaryReactor* ListMessages(grpc::CallbackServerContext* call,
                                         const grpc::ByteBuffer* request,
                                         grpc::ByteBuffer* response) override {
    return AnswerEncoded<v1::ListMessagesRequest>(call, request, response,
                                                  [this](auto& in) { return List(in); });
  }

  ByteStream* WatchMessages(grpc::CallbackServerContext* call,
                            const grpc::ByteBuffer* request) override {
    return AnswerStream<v1::WatchMessagesRequest>(call, request,
                                                  [this](auto& in) { return Watch(in); });
  }

  grpc::ServerUnaryReactor* SendMessage(grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* response) override {
    return AnswerLater<v1::SendMessageRequest>(
        context, request, response,
        [this](auto& in, std::shared_ptr<PendingCall> call) { return Send(in, std::move(call)); });
  }

  grpc::ServerUnaryReactor* EditMessage(grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* response) override {
    return Act<v1::EditMessageRequest, v1::EditMessageResponse>(
        context, request, response,
        [](auto& in) { return hark::EditMessage{std::move(*in.mutable_content())}; });
  }

  grpc::ServerUnaryReactor* DeleteMessage(grpc::CallbackServerContext* context,
                                          const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response) override {
    return Act<v1::DeleteMessageRequest, v1::DeleteMessageResponse>(
        context, request, response, [](auto&) { return hark::DeleteMessage(); });
  }

  grpc::ServerUnaryReactor* RetryMessage(grpc::CallbackServerContext* context,
                                         const grpc::ByteBuffer* request,
                                         grpc::ByteBuffer* response) override {
    return Act<v1::RetryMessageRequest, v1::RetryMessageResponse>(
        context, request, response, [](auto&) { return hark::RetryMessage(); });
  }

  grpc::ServerUnaryReactor* RetryMessages(grpc::CallbackServerContext* context,
                                          const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response) override {
    return AnswerLater<v1::RetryMessagesRequest>(
        context, request, response, [this](auto& in, std::shared_ptr<PendingCall> call) {
          return RetryAll(in, std::move(call));
        });
  }

  grpc::ServerUnaryReactor* SkipMessage(grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* response) override {
    return Act<v1::SkipMessageRequest, v1::SkipMessageResponse>(
        context, request, response, [](auto&) { return hark::SkipMessage(); });
  }

  grpc::ServerUnaryReactor* CancelMessage(grpc::CallbackServerContext* context,
                                          const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response) override {
    return Act<v1::CancelMessageRequest, v1::CancelMessageResponse>(
        context, request, response, [](auto&) { return hark::CancelMessage(); });
  }

  grpc::ServerUnaryReactor* ListOutbox(grpc::CallbackServerContext* call,
                                       const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override {
    return Answer<v1::ListOutboxRequest, v1::ListOutboxResponse>(
        call, request, response, [this](auto& in, auto* out) { return ListPending(in, out); });
  }

 private:
  Result<std::string> List(v1::ListMessagesRequest& in) {
    auto checked = CheckedPage(in);
    if (!checked) return tl::unexpected(checked.error());
    const store::PageQuery query = *std::move(checked);
    const auto account = context_.Account();
    if (!account) return tl::unexpected(account.error());

    const Stopwatch stopwatch;
    const auto page = (*account)->reader().ReadPage(query);
    if (!page) return tl::unexpected(page.error());
    context_.metrics.page_read.Record(stopwatch.Elapsed());
    ++(IsMiss(*page, query) ? context_.metrics.page_misses : context_.metrics.page_hits);
    const PageCut cut = WhatFits(*page, GrowsFrom(*page, query));
    v1::ListMessagesResponse rest;
    EdgesToProto(*page, cut, &rest);
    ToProto(page->revision, context_.accounts.status().Current(), rest.mutable_freshness());
    std::string bytes = EncodeMessages(*page, cut);
    rest.AppendToString(&bytes);
    if (in.policy() != v1::ListMessagesRequest::POLICY_CACHE_ONLY) {
      for (Gap& gap : WantedGaps(*page, query)) (*account)->intents().Fetch(std::move(gap));
    }
    return bytes;
  }

  Result<ByteStream*> Watch(v1::WatchMessagesRequest& in) {
    auto id = CheckedConversation(std::move(*in.mutable_conversation_id()));
    if (!id) return tl::unexpected(id.error());
    const auto size = CheckedPageSize(in.snapshot_size(), "snapshot_size");
    if (!size) return tl::unexpected(size.error());
    auto account = context_.Account();
    if (!account) return tl::unexpected(account.error());
    auto topic =
        std::make_unique<MessagesTopic>((*account)->reader().StoreId(), *std::move(id), *size);
    return WatchStream::Start(context_.streams, *std::move(account), std::move(topic),
                              in.resume_token());
  }

  Result<void> Send(v1::SendMessageRequest& in, std::shared_ptr<PendingCall> call) {
    const Stopwatch stopwatch;
    sync::Draft draft = DraftFrom(in);
    if (auto id = CheckedConversation(draft.conversation.value()); !id) {
      return tl::unexpected(id.error());
    }
    const auto account = context_.Account();
    if (!account) return tl::unexpected(account.error());
    (*account)->intents().Send(std::move(draft),
                               [call = std::move(call), stopwatch,
                                &metrics = context_.metrics](const Result<Message>& sent) {
                                 if (!sent) return call->Fail(ToGrpcStatus(sent.error()));
                                 metrics.durable_send.Record(stopwatch.Elapsed());
                                 v1::SendMessageResponse out;
                                 ToProto(*sent, out.mutable_message());
                                 call->Succeed(out);
                               });
    return {};
  }

  // Every call that acts on one message. `what`: Request& to a member of MessageAction::what.
  template <typename Request, typename Response, typename What>
  grpc::ServerUnaryReactor* Act(grpc::CallbackServerContext* context,
                                const grpc::ByteBuffer* request, grpc::ByteBuffer* response,
                                const What& what) {
    return AnswerLater<Request>(
        context, request, response,
        [this, &what](Request& in, std::shared_ptr<PendingCall> call) -> Result<void> {
          auto conversation = CheckedConversation(std::move(*in.mutable_conversation_id()));
          if (!conversation) return tl::unexpected(conversation.error());
          auto message = CheckedMessage(std::move(*in.mutable_message_id()));
          if (!message) return tl::unexpected(message.error());
          const auto account = context_.Account();
          if (!account) return tl::unexpected(account.error());
          (*account)->intents().Act({*std::move(conversation), *std::move(message), what(in)},
                                    [call = std::move(call)](const Result<Message>& done) {
                                      if (!done) return call->Fail(ToGrpcStatus(done.error()));
                                      Response out;
                                      ToProto(*done, out.mutable_message());
                                      call->Succeed(out);
                                    });
          return {};
        });
  }

  Result<void> RetryAll(v1::RetryMessagesRequest& in, std::shared_ptr<PendingCall> call) {
    auto conversation = CheckedConversationOrAll(std::move(*in.mutable_conversation_id()));
    if (!conversation) return tl::unexpected(conversation.error());
    const auto account = context_.Account();
    if (!account) return tl::unexpected(account.error());
    (*account)->intents().RetryAll(*std::move(conversation),
                                   [call = std::move(call)](const Result<std::uint32_t>& count) {
                                     if (!count) return call->Fail(ToGrpcStatus(count.error()));
                                     v1::RetryMessagesResponse out;
                                     out.set_count(*count);
                                     call->Succeed(out);
                                   });
    return {};
  }

  Result<void> ListPending(v1::ListOutboxRequest& in, v1::ListOutboxResponse* out) {
    const auto query = CheckedOutbox(in);
    if (!query) return tl::unexpected(query.error());
    const auto account = context_.Account();
    if (!account) return tl::unexpected(account.error());
    const auto page = (*account)->reader().ListOutbox(*query);
    if (!page) return tl::unexpected(page.error());
    ToProto(*page, out);
    ToProto(page->revision, context_.accounts.status().Current(), out->mutable_freshness());
    return {};
  }

  const ServiceContext context_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewMessagesService(const ServiceContext& context) {
  return std::make_unique<MessagesService>(context);
}

}  // namespace hark::ipc
