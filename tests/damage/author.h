// Writes a person's conversations, sends, drafts and positions into a store, and notes what it
// wrote.

#ifndef HARK_TESTS_DAMAGE_AUTHOR_H_
#define HARK_TESTS_DAMAGE_AUTHOR_H_

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/model/message.h"
#include "daemon/store/sqlcipher_store.h"
#include "tests/damage/world.h"

namespace hark::damage {

inline constexpr int kConversations = 60;

// Without it there is nothing to damage.
template <typename T>
T Must(Result<T> result) {
  if (!result) {
    std::cerr << "the world cannot be made: " << result.error().message << "\n";
    std::exit(2);
  }
  return *std::move(result);
}

// All three outlive it.
class Author {
 public:
  Author(store::SqlcipherStore& store, Expected& expected, std::mt19937_64& random);

  // `count` messages of each conversation, from its first sequence that is free.
  void Fill(int count);
  // New versions of some, as Edited() makes them.
  void Edit(int count);
  void Send(int count);
  // Short and long ones, some of them changed or cleared again.
  void Draft(int count);

  // Neither written nor noted yet. Of some messages, one may be among them twice: long ones become
  // short, so that pages get free, and the other way round.
  [[nodiscard]] std::vector<Message> Edited(int count);
  // The next one of a conversation, as if the one before were written.
  [[nodiscard]] Message Next(int conversation);

  // What is written from now on has this as its newest version.
  void Note(const Message& message) { expected_.messages[message.id].push_back(message); }

 private:
  [[nodiscard]] std::string Text(std::size_t size);
  [[nodiscard]] Message Make(int conversation, Sequence sequence);
  [[nodiscard]] MessageId Uuid();

  store::SqlcipherStore& store_;
  Expected& expected_;
  std::mt19937_64& random_;
  std::uint64_t version_;
  std::vector<Sequence> next_;  // By conversation.
};

}  // namespace hark::damage

#endif  // HARK_TESTS_DAMAGE_AUTHOR_H_
