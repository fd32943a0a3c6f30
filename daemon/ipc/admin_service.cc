// hark.v1.Admin.

#include <cstdint>
#include <memory>
#include <utility>

#include <unistd.h>

#include "hark/v1/admin.grpc.pb.h"

#include "daemon/ipc/convert_status.h"
#include "daemon/ipc/convert_time.h"
#include "daemon/ipc/services.h"
#include "daemon/ipc/unary.h"

namespace hark::ipc {
namespace {

using Api = v1::Admin;
using Base =
    Api::WithRawCallbackMethod_GetVersion<Api::WithRawCallbackMethod_GetStatistics<Api::Service>>;

constexpr std::uint32_t kApiMajor = 1;
constexpr std::uint32_t kApiMinor = 0;
// Words are only ever added.
constexpr const char* kCapabilities[] = {
    "watch-resume",   // Streams continue after a resume token.
    "partial",        // WatchMessages shows messages while they are being produced.
    "error-details",  // Errors carry hark.v1.ErrorDetail.
};

class AdminService final : public Base {
 public:
  AdminService(const ServiceContext& context, ProgramInfo program)
      : context_(context), program_(std::move(program)) {}

  grpc::ServerUnaryReactor* GetVersion(grpc::CallbackServerContext* call,
                                       const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override {
    return Answer<v1::GetVersionRequest, v1::GetVersionResponse>(
        call, request, response, [this](auto&, auto* out) { return Version(out); });
  }

  grpc::ServerUnaryReactor* GetStatistics(grpc::CallbackServerContext* call,
                                          const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response) override {
    return Answer<v1::GetStatisticsRequest, v1::GetStatisticsResponse>(
        call, request, response, [this](auto&, auto* out) { return Statistics(out); });
  }

 private:
  Result<void> Version(v1::GetVersionResponse* out) {
    out->set_version(program_.version);
    out->set_api_major(kApiMajor);
    out->set_api_minor(kApiMinor);
    for (const char* word : kCapabilities) out->add_capabilities(word);
    out->set_cipher_version(program_.cipher_version);
    out->set_process_id(static_cast<std::uint32_t>(::getpid()));
    ToProto(program_.started_at, out->mutable_started_at());
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
};

}  // namespace

std::unique_ptr<grpc::Service> NewAdminService(const ServiceContext& context, ProgramInfo program) {
  return std::make_unique<AdminService>(context, std::move(program));
}

}  // namespace hark::ipc
