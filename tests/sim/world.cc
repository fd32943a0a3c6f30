#include "tests/sim/world.h"

#include <algorithm>
#include <utility>

#include "daemon/base/secret.h"

namespace hark::sim {
namespace {

Secret KeyOf(char byte) {
  return Secret(std::string(32, byte));
}

}  // namespace

World::World(std::uint64_t seed)
    : seed_(seed),
      random_(seed),
      backend_(time_),
      network_(std::make_shared<ModelNetwork>(io_.get_executor(), time_, backend_, random_)) {
  const auto conversations = 1 + Below(6);
  for (std::uint64_t i = 0; i < conversations; ++i) {
    const ConversationId id("c" + std::to_string(++conversations_));
    backend_.Create(id);
    const auto messages = Below(30);
    for (std::uint64_t m = 0; m < messages; ++m) {
      const Role role = m % 2 == 0 ? Role::kUser : Role::kAssistant;
      backend_.Post(id, role, "word " + std::to_string(++written_));
    }
    watchers_.push_back(std::make_unique<Watcher>(id));
  }
}

World::~World() {
  Crash(false);
}

// ---- The daemon ----

bool World::Start() {
  // A fault that waited for its turn may hit the opening: once.
  const std::uint64_t failed = disk_.counts().failed;
  if (Open()) return true;
  if (disk_.counts().failed == failed) complaint_ = "the store does not open: " + problem_;
  if (!complaint_.empty()) return false;
  disk_.ClearFaults();
  disk_.SetSpace(std::nullopt);
  if (!Open()) complaint_ = "the store does not open: " + problem_;
  return complaint_.empty();
}

bool World::Open() {
  store::StoreOptions options;
  options.folder = folder_.path() / "store";
  options.cache_key = KeyOf('c');
  options.authored_key = KeyOf('a');
  options.clock = &time_;
  options.on_commit = [this](const std::shared_ptr<const Commit>& commit) { OnCommit(commit); };
  options.readers = 1;
  options.writes_by_hand = true;
  options.boot_id = "boot " + std::to_string(boots_);
  auto opened = store::SqlcipherStore::Open(std::move(options));
  if (!opened) {
    problem_ = opened.error().message;
    return false;
  }
  store_ = *std::move(opened);
  if (store_->CurrentRevision() < revision_) complaint_ = "the local revision went back";
  bus_ = std::make_shared<bus::EventBus>();
  intents_ = std::make_unique<sync::LocalIntents>(*store_, time_);
  user_state_ = std::make_unique<account::UserStateKeeper>(
      *store_, *store_, time_,
      [this](Clock::Instant at) { save_alarm_.Set(at, [this] { user_state_->SaveNow(); }); });
  if (std::string wrong = CheckDrafts(false); !wrong.empty()) complaint_ = wrong;
  engine_ = std::make_shared<sync::Engine>(sync::EngineParts{
      .io = io_.get_executor(),
      .readers = io_.get_executor(),
      .clock = time_,
      .alarm = std::make_unique<SimulatedAlarm>(time_),
      .metrics = metrics_,
      .board = board_,
      .reader = store_,
      .writer = store_,
      .backend = network_,
      .bus = bus_,
      .user = UserId("ada"),
      .token = Secret(std::string("token")),
      .device_id = "device",
      .client = "sim",
      .seed = random_(),
      .outbox_age = std::chrono::hours(24 * 7),
      .save_token = [](const Secret&) {},
      .token_refused = [this] { complaint_ = "the token was refused"; },
  });
  intents_->Attach(engine_);
  for (const auto& watcher : watchers_) watcher->Attach(*store_, bus_);
  engine_->Start();
  return true;
}

void World::Crash(bool power_lost) {
  if (user_state_) NoteDraftsBeforeCrash();
  disk_.PowerOff();
  Stop();
  if (power_lost) {
    disk_.LosePower(random_);
    ++boots_;
    // The newest commits of the cache may be gone, and are fetched again.
    for (const auto& watcher : watchers_) watcher->Forget();
    revisions_.clear();
  }
  disk_.PowerOn();
}

void World::Stop() {
  for (const auto& watcher : watchers_) watcher->Detach();
  if (intents_) intents_->Detach();
  if (engine_) engine_->Stop();
  engine_.reset();
  if (user_state_) user_state_->SaveNow();
  if (store_) store_->Close();
  save_alarm_.Cancel();
  user_state_.reset();
  store_.reset();
  // What still waits on the executor holds nothing any more that could act.
  io_.restart();
  io_.poll();
  intents_.reset();
  bus_.reset();
}

void World::OnCommit(const std::shared_ptr<const Commit>& commit) {
  if (commit->revision <= revision_) complaint_ = "commits are not in the order of revisions";
  revision_ = commit->revision;
  for (const Message& message : commit->messages) {
    std::uint64_t& newest = revisions_[message.id];
    if (message.revision < newest) complaint_ = "a revision went back: " + message.id.value();
    newest = message.revision;
  }
  if (!bus_) return;  // While it opens.
  bus_->Publish(commit);
  if (intents_) intents_->OnCommit(*commit);
}

// ---- Time ----

void World::Settle(bool writes) {
  // Nothing takes as many turns at one moment of time: it goes round in circles.
  constexpr int kTurns = 100'000;
  int turns = 0;
  for (bool busy = true; busy && complaint_.empty();) {
    if (++turns == kTurns) complaint_ = "it never comes to rest";
    io_.restart();
    busy = io_.poll() > 0;
    if (store_ && writes) store_->RunWriter();
    io_.restart();
    busy = io_.poll() > 0 || busy;
    for (const auto& watcher : watchers_) {
      if (store_) watcher->CatchUp();
    }
  }
}

void World::Pass(Clock::Duration duration) {
  const Clock::Instant until = time_.Now() + duration;
  Settle();
  while (time_.Step(until)) {
    // Not always: a crash may come before.
    if (store_ && Below(2) == 0) store_->RunIdleWriter();
    // Disks are slow: what waits to be written grows meanwhile.
    Settle(Below(4) != 0);
  }
  Settle();
}

std::string World::Live() {
  disk_.Forget();
  if (!Start()) return complaint_;
  const auto steps = 20 + Below(60);
  for (std::uint64_t i = 0; i < steps && complaint_.empty(); ++i) DoSomething();
  if (!complaint_.empty()) return complaint_;
  EndFaults();
  if (std::string wrong = Quiesce(); !wrong.empty()) return wrong;
  if (std::string wrong = Check(); !wrong.empty()) return wrong;
  // A restart changes nothing.
  Stop();
  if (!Start()) return complaint_;
  if (std::string wrong = Quiesce(); !wrong.empty()) return "after a restart: " + wrong;
  if (std::string wrong = Check(); !wrong.empty()) return "after a restart: " + wrong;
  return complaint_;
}

ConversationId World::SomeConversation() {
  return ConversationId("c" +
                        std::to_string(1 + Below(static_cast<std::uint64_t>(conversations_))));
}

std::optional<Message> World::SomeMessage() {
  if (!store_) return std::nullopt;
  auto page = store_->ReadPage({SomeConversation(), std::nullopt, 10});
  if (!page || page->messages.empty()) return std::nullopt;
  return page->messages[Below(page->messages.size())];
}

}  // namespace hark::sim
