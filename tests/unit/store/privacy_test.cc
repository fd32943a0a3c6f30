// Guarantee G10: nothing readable on the disk, while the store is open and after.

#include <gtest/gtest.h>

#include "tests/unit/store/store_fixture.h"

namespace hark::store {
namespace {

class PrivacyTest : public StoreFixture {
 protected:
  void ExpectNothingReadable() {
    const auto files = ReadFolder(folder());
    EXPECT_GE(files.size(), 2U);
    for (const auto& [name, bytes] : files) {
      for (const std::string word :
           {"kestrel", "plover", "dunlin", "whimbrel", "SQLite format", "CREATE TABLE"}) {
        EXPECT_EQ(bytes.find(word), std::string::npos) << word << " in " << name;
      }
      for (const std::string& key : {kCacheKey, kAuthoredKey})
        EXPECT_EQ(bytes.find(key), std::string::npos) << name;
    }
  }
};

TEST_F(PrivacyTest, NoWordOfAnyoneIsInAnyFile) {
  auto store = Open(folder());
  ApplySummary summary = TestSummary("conversation-whimbrel", 50);
  summary.summary.title = "A title with a plover";
  summary.summary.preview = "A preview with a dunlin";
  Batch batch;
  batch.operations.emplace_back(summary);
  for (Sequence i = 1; i <= 200; ++i) {
    batch.operations.emplace_back(
        ApplyMessage{TestMessage("conversation-whimbrel", i, "A text with a kestrel")});
  }
  ASSERT_TRUE(ApplyNow(*store, batch));
  Message message = TestMessage("conversation-whimbrel", 0, "A pending kestrel");
  message.metadata = {{"dunlin", "plover"}};
  ASSERT_TRUE(SendNow(*store, message));
  ExpectNothingReadable();
  ASSERT_TRUE(ApplyNow(*store, {{AcknowledgeSend{message.id, "", 201, 1}}}));
  ExpectNothingReadable();
  store.reset();
  ExpectNothingReadable();
}

}  // namespace
}  // namespace hark::store
