// hark.v1.Admin.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include <unistd.h>

#include "hark/v1/admin.grpc.pb.h"

#include "daemon/base/utf8.h"
#include "daemon/ipc/api_version.h"
#include "daemon/ipc/archive_calls.h"
#include "daemon/ipc/convert_status.h"
#include "daemon/ipc/convert_time.h"
#include "daemon/ipc/requests.h"
#include "daemon/ipc/services.h"
#include "daemon/ipc/unary.h"

namespace hark::ipc {
namespace {

using Api = v1::Admin;
using Base = Api::WithRawCallbackMethod_GetVersion<Api::WithRawCallbackMethod_GetStatistics<
    Api::WithRawCallbackMethod_PreviewRetention<Api::WithRawCallbackMethod_RunRetention<
        Api::WithRawCallbackMethod_RollBack<Api::WithRawCallbackMethod_ClearCache<
            Api::WithRawCallbackMethod_Export<Api::WithRawCallbackMethod_Backup<
                Api::WithRawCallbackMethod_Restore<Api::Service>>>>>>>>>;

// Items of a preview, and conversations with a number of their own.
constexpr std::size_t kPreviewItems = 200;
// Words are only ever added.
constexpr const char* kCapabilities[] = {
    "watch-resume",     // Streams continue after a resume token.
    "partial",          // WatchMessages shows messages while they are being produced.
    "error-details",    // Errors carry hark.v1.ErrorDetail.
    "message-actions",  // Messages can be edited, deleted, retried, skipped and cancelled.
    "rollback",         // RollBack.
    "retention",        // PreviewRetention, RunRetention, SetRetention.
    "page-anchors",     // Pages after and around a message.
    "search",           // SearchMessages.
    "drafts",           // The service Drafts; Conversation.has_draft.
    "view-states",      // The service ViewStates.
    "changes",          // The service Changes.
    "outbox",           // ListOutbox.
    "keys",             // The service Keys.
    "forget",           // SignOut with `forget`.
    "clear-cache",      // ClearCache.
    "export",           // Export.
    "backup",           // Backup, Restore.
};

class AdminService final : public Base {
 public:
  AdminService(const ServiceContext& context, ProgramInfo program)
      : context_(context), program_(std::move(program)), archive_(context) {}

  grpc::ServerUnaryReactor* GetVersion(grpc::CallbackServerContext* call,
                                       const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override {
    // Also for a client of another major version: it learns here what this daemon speaks.
    return AnswerAnyVersion<v1::GetVersionRequest, v1::GetVersionResponse>(
        call, request, response, [this](auto&, auto* out) { return Version(out); });
  }

  grpc::ServerUnaryReactor* GetStatistics(grpc::CallbackServerContext* call,
                                          const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response) override {
    return Answer<v1::GetStatisticsRequest, v1::GetStatisticsResponse>(
        call, request, response, [this](auto&, auto* out) { return Statistics(out); });
  }

  grpc::ServerUnaryReactor* PreviewRetention(grpc::CallbackServerContext* call,
                                             const grpc::ByteBuffer* request,
                                             grpc::ByteBuffer* response) override {
    return Answer<v1::PreviewRetentionRequest, v1::PreviewRetentionResponse>(
        call, request, response, [this](auto& in, auto* out) { return Preview(in, out); });
  }

  grpc::ServerUnaryReactor* RunRetention(grpc::CallbackServerContext* context,
                                         const grpc::ByteBuffer* request,
                                         grpc::ByteBuffer* response) override {
    return AnswerLater<v1::RunRetentionRequest>(
        context, request, response,
        [this](auto&, std::shared_ptr<PendingCall> call) { return Retain(std::move(call)); });
  }

  grpc::ServerUnaryReactor* RollBack(grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override {
    return AnswerLater<v1::RollBackRequest>(
        context, request, response,
        [this](auto& in, std::shared_ptr<PendingCall> call) { return Back(in, std::move(call)); });
  }

  grpc::ServerUnaryReactor* ClearCache(grpc::CallbackServerContext* context,
                                       const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override {
    return AnswerLater<v1::ClearCacheRequest>(
        context, request, response,
        [this](auto& in, std::shared_ptr<PendingCall> call) { return Clear(in, std::move(call)); });
  }

  ByteStream* Export(grpc::CallbackServerContext* call, const grpc::ByteBuffer* request) override {
    return archive_.Export(call, request);
  }

  ByteStream* Backup(grpc::CallbackServerContext* call, const grpc::ByteBuffer* request) override {
    return archive_.Backup(call, request);
  }

  ByteReader* Restore(grpc::CallbackServerContext* call, grpc::ByteBuffer* response) override {
    return archive_.Restore(call, response);
  }

 private:
  Result<void> Clear(const v1::ClearCacheRequest& in, std::shared_ptr<PendingCall> call) {
    context_.accounts.ClearCache({in.everything(), in.discard_unsent()},
                                 [call = std::move(call)](const Result<account::Removed>& removed) {
                                   if (!removed) return call->Fail(ToGrpcStatus(removed.error()));
                                   v1::ClearCacheResponse out;
                                   out.set_bytes_removed(removed->bytes);
                                   out.set_entries_lost(removed->entries_lost);
                                   out.set_drafts_lost(removed->drafts_lost);
                                   call->Succeed(out);
                                 });
    return {};
  }

  Result<void> Back(const v1::RollBackRequest& in, std::shared_ptr<PendingCall> call) {
    context_.accounts.RollBack(
        in.force(), [call = std::move(call)](const Result<account::RollBackOutcome>& done) {
          if (!done) return call->Fail(ToGrpcStatus(done.error()));
          v1::RollBackResponse out;
          out.set_from_cache(done->from_cache);
          out.set_from_authored(done->from_authored);
          out.set_to_cache(done->to_cache);
          out.set_to_authored(done->to_authored);
          out.set_entries_lost(done->entries_lost);
          out.set_aside(done->aside);
          call->Succeed(out);
        });
    return {};
  }

  Result<void> Preview(const v1::PreviewRetentionRequest& in, v1::PreviewRetentionResponse* out) {
    std::optional<std::uint32_t> days;
    if (in.has_days()) days = in.days();
    if (const auto checked = CheckedDays(days); !checked) return tl::unexpected(checked.error());
    const auto account = context_.Account();
    if (!account) return tl::unexpected(account.error());
    RetentionPolicy policy = (*account)->retention().policy();
    policy.days = days.value_or(policy.days);
    if (in.has_max_bytes()) policy.max_bytes = in.max_bytes();
    auto plan = (*account)->retention().Preview(policy);
    if (!plan) return tl::unexpected(std::move(plan.error()));
    out->set_days(policy.days);
    out->set_max_bytes(policy.max_bytes);
    out->set_messages(plan->messages);
    out->set_bytes(plan->bytes);
    out->set_conversations(plan->evictions.size());
    if (const auto& oldest = plan->oldest) ToProto(*oldest, out->mutable_oldest_at());
    std::sort(plan->evictions.begin(), plan->evictions.end(),
              [](const Eviction& a, const Eviction& b) { return a.messages > b.messages; });
    for (const Eviction& eviction : plan->evictions) {
      if (static_cast<std::size_t>(out->items_size()) == kPreviewItems) break;
      auto* item = out->add_items();
      item->set_conversation_id(eviction.conversation.value());
      item->set_messages(eviction.messages);
      item->set_bytes(eviction.bytes);
      ToProto(eviction.oldest, item->mutable_oldest_at());
      ToProto(eviction.before, item->mutable_before());
    }
    for (const RetentionOverride& own : plan->overrides) {
      if (static_cast<std::size_t>(out->overrides_size()) == kPreviewItems) break;
      auto* item = out->add_overrides();
      item->set_conversation_id(own.conversation.value());
      item->set_days(own.days);
    }
    return {};
  }

  Result<void> Retain(std::shared_ptr<PendingCall> call) {
    const auto account = context_.Account();
    if (!account) return tl::unexpected(account.error());
    (*account)->retention().Run(
        [call = std::move(call)](const Result<account::RetentionOutcome>& done) {
          if (!done) return call->Fail(ToGrpcStatus(done.error()));
          v1::RunRetentionResponse out;
          out.set_messages(done->messages);
          out.set_bytes_before(done->bytes_before);
          out.set_bytes_after(done->bytes_after);
          call->Succeed(out);
        });
    return {};
  }

  Result<void> Version(v1::GetVersionResponse* out) {
    out->set_version(program_.version);
    out->set_api_major(kApiMajor);
    out->set_api_minor(kApiMinor);
    for (const char* word : kCapabilities) out->add_capabilities(word);
    out->set_cipher_version(program_.cipher_version);
    out->set_process_id(static_cast<std::uint32_t>(::getpid()));
    ToProto(program_.started_at, out->mutable_started_at());
    // Else no client could read the answer.
    if (IsValidUtf8(program_.data_dir)) out->set_data_dir(program_.data_dir);
    return {};
  }

  Result<void> Statistics(v1::GetStatisticsResponse* out) {
    // Without an account the sizes are zero and the rest still counts.
    if (const auto account = context_.accounts.Current()) {
      const auto store = account->reader().Statistics();
      if (!store) return tl::unexpected(store.error());
      out->set_conversations(store->conversations);
      out->set_messages(store->messages);
      out->set_outbox(store->outbox);
      out->set_gaps(store->gaps);
      out->set_cache_bytes(store->cache_bytes);
      out->set_authored_bytes(store->authored_bytes);
    }
    const Metrics& metrics = context_.metrics;
    out->set_page_hits(metrics.page_hits);
    out->set_page_misses(metrics.page_misses);
    ToProto(metrics.page_read.Summarise(), out->mutable_page_read());
    ToProto(metrics.durable_send.Summarise(), out->mutable_durable_send());
    ToProto(metrics.apply.Summarise(), out->mutable_apply());
    ToProto(metrics.sync.Summarise(), out->mutable_sync());
    out->set_connects(metrics.connects);
    out->set_disconnects(metrics.disconnects);
    out->set_streams(static_cast<std::uint32_t>(context_.streams.size()));
    return {};
  }

  const ServiceContext context_;
  const ProgramInfo program_;
  ArchiveCalls archive_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewAdminService(const ServiceContext& context, ProgramInfo program) {
  return std::make_unique<AdminService>(context, std::move(program));
}

}  // namespace hark::ipc
