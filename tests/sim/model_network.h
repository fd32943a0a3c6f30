// The way between the engine and the model backend, with everything that may go wrong on it: late,
// lost, repeated and reordered frames, cut and silent connections, a backend that is away.

#ifndef HARK_TESTS_SIM_MODEL_NETWORK_H_
#define HARK_TESTS_SIM_MODEL_NETWORK_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "daemon/base/notification.h"
#include "daemon/base/task.h"
#include "daemon/transport/backend.h"
#include "tests/sim/model_backend.h"
#include "tests/sim/simulated_time.h"

namespace hark::sim {

// Chances in a thousand.
struct Faults {
  unsigned refused_connect = 0;
  unsigned cut = 0;        // Per frame, in either direction, before or after it took effect.
  unsigned repeated = 0;   // Per frame, in either direction.
  unsigned reordered = 0;  // Per frame to the client.
  unsigned silent = 0;     // Per connection: from some frame on nothing gets through.
  unsigned transient = 0;  // Per request: refused for now.
  Clock::Duration latest{20};
};

class ModelNetwork final : public transport::Backend {
 public:
  ModelNetwork(Executor io, SimulatedTime& time, ModelBackend& backend, std::mt19937_64& random)
      : io_(std::move(io)), time_(time), backend_(backend), random_(random) {}

  Task<std::unique_ptr<transport::Session>> Connect() override;

  // The backend has something new for its sessions.
  void LogGrown();
  // Every connection ends, as when the backend is restarted.
  void CutAll();
  // Nobody answers until told otherwise.
  void SetAway(bool away);

  // What the client sent against the protocol, in a sentence; empty if nothing.
  [[nodiscard]] const std::string& complaint() const { return complaint_; }

  Faults faults;

 private:
  // One connection, which outlives the engine's end of it: what was sent may still arrive.
  struct Line {
    explicit Line(const Executor& io) : arrived(io) {}

    std::deque<transport::ServerFrame> ready;
    Notification arrived;
    bool cut = false;
    bool silent = false;
    bool greeted = false;
    SyncCursor delivered;
    std::set<ConversationId> subscribed;
    Clock::Instant last_in{};
    Clock::Instant last_out{};
  };
  class Session;

  void FromClient(const std::shared_ptr<Line>& line, transport::ClientFrame frame);
  void Handle(const std::shared_ptr<Line>& line, const transport::ClientFrame& frame);
  void ToClient(const std::shared_ptr<Line>& line, transport::ServerFrame frame, bool in_order);
  void Pump(const std::shared_ptr<Line>& line);
  void Cut(Line& line);
  // When a frame that is sent now comes to the other end.
  [[nodiscard]] Clock::Instant Arrival();
  [[nodiscard]] bool Chance(unsigned per_thousand);
  [[nodiscard]] std::uint64_t Below(std::uint64_t bound);

  Executor io_;
  SimulatedTime& time_;
  ModelBackend& backend_;
  std::mt19937_64& random_;
  bool away_ = false;
  std::vector<std::weak_ptr<Line>> lines_;
  std::string complaint_;
};

}  // namespace hark::sim

#endif  // HARK_TESTS_SIM_MODEL_NETWORK_H_
