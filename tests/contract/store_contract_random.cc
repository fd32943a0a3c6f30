// Random changes against a plain model of what a backend has and what of it was told.

#include <map>
#include <random>

#include <gmock/gmock.h>

#include "tests/contract/store_contract.h"

namespace hark::store {
namespace {

// Everything that the backend has, and what of it is here.
struct Model {
  std::map<Sequence, Message> backend;
  std::map<Sequence, Message> here;
  Sequence known = 0;  // The highest sequence that the store was told of.
};

void Learn(Model& model, const Message& message) {
  const auto [known, inserted] = model.here.try_emplace(message.sequence, message);
  if (!inserted && message.revision > known->second.revision) known->second = message;
  model.known = std::max(model.known, message.sequence);
}

// Every stretch that the store pages through must be what the model has, and stop where the model
// has a hole.
void ExpectPages(Reader& reader, const std::string& name, const Model& model, std::uint32_t limit) {
  Sequence expected = model.known;
  std::optional<MessageId> before;
  while (expected > 0) {
    const auto page = reader.ReadPage({ConversationId(name), before, limit});
    ASSERT_TRUE(page);
    // A gap at the end of the conversation is told beside what lies below it.
    ASSERT_EQ(page->gap_after.has_value(),
              !before && !page->messages.empty() && !model.here.contains(expected));
    if (page->gap_after) {
      ASSERT_EQ(page->gap_after->to, expected);
      for (; expected >= page->gap_after->from; --expected) {
        ASSERT_FALSE(model.here.contains(expected)) << expected;
      }
    }
    for (auto message = page->messages.rbegin(); message != page->messages.rend(); ++message) {
      ASSERT_TRUE(model.here.contains(expected));
      ASSERT_EQ(*message, model.here.at(expected));
      --expected;
    }
    ASSERT_EQ(page->has_more, expected > 0);
    ASSERT_EQ(page->gap_before.has_value(), expected > 0 && !model.here.contains(expected));
    if (!page->messages.empty()) before = page->messages.front().id;
    if (!page->gap_before) continue;
    // Over the gap: to the first message below it.
    ASSERT_EQ(page->gap_before->to, expected);
    for (Sequence missing = page->gap_before->from; missing <= page->gap_before->to; ++missing) {
      ASSERT_FALSE(model.here.contains(missing)) << missing;
    }
    expected = page->gap_before->from - 1;
    // Another gap, for another reason, may follow at once.
    while (expected > 0 && !model.here.contains(expected)) --expected;
    if (expected == 0) return;
    before = model.here.at(expected).id;
    --expected;
    if (expected == 0) return;
  }
}

TEST_P(StoreContract, RandomChangesMatchAPlainModel) {
  for (const unsigned seed : {1U, 2U, 3U}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const auto below = [&random](Sequence bound) {
      return static_cast<Sequence>(random() % bound);
    };
    const std::string name = "C" + std::to_string(seed);  // Rows of its own for each seed.
    Model model;
    for (int step = 0; step < 400; ++step) {
      switch (random() % 5) {
        case 0: {  // New messages at the backend.
          for (Sequence i = below(8); i > 0; --i) {
            const Sequence next = model.backend.size() + 1;
            model.backend.emplace(next, BackendMessage(name, next));
          }
          break;
        }
        case 1: {  // An edit or a deletion there, told here.
          if (model.backend.empty()) break;
          Message& message = model.backend.at(1 + below(model.backend.size()));
          const std::uint64_t revision = message.revision + 1;
          message = BackendMessage(name, message.sequence, revision);
          if (random() % 3 == 0) message = Tombstone(message);
          Do(ApplyMessage{message});
          Learn(model, message);
          break;
        }
        case 2: {
          if (model.backend.empty()) break;
          Do(SummaryOf(name, model.backend.size(),
                       random() % 2 == 0 ? GapReason::kNotFetched : GapReason::kLimited));
          model.known = model.backend.size();
          break;
        }
        case 3: {
          if (model.backend.empty()) break;
          const Message& message = model.backend.at(1 + below(model.backend.size()));
          Do(ApplyMessage{message});
          Learn(model, message);
          break;
        }
        default: {
          if (model.backend.empty()) break;
          ApplyHistory page;
          page.conversation = ConversationId(name);
          page.to = 1 + below(model.backend.size());
          page.from = page.to - below(std::min<Sequence>(page.to, 12));
          page.asked_from = page.from;
          page.asked_to = page.to;
          for (Sequence i = page.from; i <= page.to; ++i) {
            page.messages.push_back(model.backend.at(i));
            Learn(model, model.backend.at(i));
          }
          Do(page);
          break;
        }
      }
      if (model.known > 0 && step % 8 == 0) {
        ASSERT_NO_FATAL_FAILURE(
            ExpectPages(reader(), name, model, 1 + static_cast<std::uint32_t>(below(9))))
            << step;
        const Conversation conversation = Get(name);
        ASSERT_EQ(conversation.last_sequence, model.known);
        ASSERT_EQ(conversation.complete, model.here.size() == model.known);
        if (conversation.complete) {
          std::uint64_t count = 0;
          std::uint64_t unread = 0;
          for (const auto& [sequence, message] : model.here) {
            count += message.deleted ? 0 : 1;
            unread += !message.deleted && message.role != Role::kUser ? 1 : 0;
          }
          ASSERT_EQ(conversation.message_count, count) << step;
          ASSERT_EQ(conversation.unread_count, unread) << step;
        }
      }
    }
  }
}

}  // namespace
}  // namespace hark::store
