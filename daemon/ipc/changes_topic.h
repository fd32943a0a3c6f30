// Everything that changes in an account as a watched topic.

#ifndef HARK_DAEMON_IPC_CHANGES_TOPIC_H_
#define HARK_DAEMON_IPC_CHANGES_TOPIC_H_

#include <cstdint>
#include <memory>
#include <string>

#include "daemon/ipc/watch_topic.h"

namespace hark::ipc {

class ChangesTopic final : public WatchTopic {
 public:
  ChangesTopic(std::string store_id, std::uint32_t snapshot_size);

  [[nodiscard]] Result<void> Check(store::Reader& reader) const override;
  [[nodiscard]] Result<Snapshot> Read(store::Reader& reader) const override;
  [[nodiscard]] std::size_t Weight(const Commit& commit) const override;
  [[nodiscard]] std::shared_ptr<const Commit> Part(
      std::shared_ptr<const Commit> commit) const override;
  [[nodiscard]] bool ChangesGap(const Commit& commit) const override;
  [[nodiscard]] bool Wants(const bus::Ephemeral& ephemeral) const override;
  [[nodiscard]] store::ChangesQuery Changes(LocalRevision since) const override;
  [[nodiscard]] Event Resumed(LocalRevision revision) const override;
  [[nodiscard]] Event Delta(const Commit& commit, const StreamPlace& place) const override;
  [[nodiscard]] Event Passing(const bus::Ephemeral& ephemeral,
                              const StreamPlace& place) const override;

 private:
  const std::string store_id_;
  const std::uint32_t snapshot_size_;
};

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_CHANGES_TOPIC_H_
