// The calls of a store that answer through a callback, waited for.

#ifndef HARK_TESTS_SUPPORT_STORE_CALLS_H_
#define HARK_TESTS_SUPPORT_STORE_CALLS_H_

#include <cstdint>
#include <future>
#include <optional>
#include <utility>
#include <vector>

#include "daemon/store/retention.h"
#include "daemon/store/user_state.h"
#include "daemon/store/writer.h"

namespace hark::store {

// Runs `call` with the callback of an answer, and waits for the answer:
// WaitFor<Message>([&](auto done) { writer.Act(action, std::move(done)); }).
template <typename T, typename Call>
Result<T> WaitFor(const Call& call) {
  std::promise<Result<T>> promise;
  auto future = promise.get_future();
  call([&promise](Result<T> result) { promise.set_value(std::move(result)); });
  return future.get();
}

inline Result<LocalRevision> ApplyNow(Writer& store, Batch batch) {
  return WaitFor<LocalRevision>([&](auto done) { store.Apply(std::move(batch), std::move(done)); });
}

inline Result<Message> SendNow(Writer& store, Message message) {
  return WaitFor<Message>(
      [&](auto done) { store.EnqueueSend({std::move(message)}, std::move(done)); });
}

inline Result<Message> ActNow(Writer& store, MessageAction action) {
  return WaitFor<Message>([&](auto done) { store.Act(std::move(action), std::move(done)); });
}

inline Result<std::uint32_t> RetryAllNow(Writer& store,
                                         std::optional<ConversationId> conversation) {
  return WaitFor<std::uint32_t>(
      [&](auto done) { store.RetryAll(std::move(conversation), std::move(done)); });
}

inline Result<LocalRevision> SaveNow(UserStateStore& store, UserStateChanges changes) {
  return WaitFor<LocalRevision>(
      [&](auto done) { store.SaveUserState(std::move(changes), std::move(done)); });
}

inline Result<Evicted> EvictNow(RetentionStore& store, std::vector<Eviction> evictions) {
  return WaitFor<Evicted>([&](auto done) { store.Evict(std::move(evictions), std::move(done)); });
}

}  // namespace hark::store

#endif  // HARK_TESTS_SUPPORT_STORE_CALLS_H_
