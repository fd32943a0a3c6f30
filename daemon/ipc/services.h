// The services of hark.v1, one file each. Each only translates: a request in, model types through,
// an answer out; decisions are made in store/ and sync/.

#ifndef HARK_DAEMON_IPC_SERVICES_H_
#define HARK_DAEMON_IPC_SERVICES_H_

#include <memory>
#include <string>

#include <grpcpp/impl/service_type.h>

#include "daemon/base/clock.h"
#include "daemon/ipc/service_context.h"

namespace hark::ipc {

// What Admin.GetVersion says.
struct ProgramInfo {
  std::string version;
  std::string cipher_version;
  WallTime started_at{};
  std::string data_dir;
};

[[nodiscard]] std::unique_ptr<grpc::Service> NewConversationsService(const ServiceContext& context);
[[nodiscard]] std::unique_ptr<grpc::Service> NewMessagesService(const ServiceContext& context);
[[nodiscard]] std::unique_ptr<grpc::Service> NewChangesService(const ServiceContext& context);
[[nodiscard]] std::unique_ptr<grpc::Service> NewSearchService(const ServiceContext& context);
[[nodiscard]] std::unique_ptr<grpc::Service> NewSyncService(const ServiceContext& context);
[[nodiscard]] std::unique_ptr<grpc::Service> NewAccountService(const ServiceContext& context);
[[nodiscard]] std::unique_ptr<grpc::Service> NewAdminService(const ServiceContext& context,
                                                             ProgramInfo program);
[[nodiscard]] std::unique_ptr<grpc::Service> NewDraftsService(const ServiceContext& context);
[[nodiscard]] std::unique_ptr<grpc::Service> NewViewStatesService(const ServiceContext& context);
[[nodiscard]] std::unique_ptr<grpc::Service> NewKeysService(const ServiceContext& context);

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_SERVICES_H_
