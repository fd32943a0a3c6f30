#include "daemon/store/changes.h"

#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace hark::store {
namespace {

std::shared_ptr<const Message> Of(const std::string& id) {
  const auto message = std::make_shared<Message>();
  message->id = MessageId(id);
  return message;
}

TEST(Changes, AMessageIsAnnouncedOnceHoweverOftenItChanges) {
  const auto first = Of("a");
  const auto other = Of("b");
  const auto again = Of("a");
  Changes changes;
  changes.NoteInserted(first);
  changes.NoteInserted(other);
  changes.Note(again);
  const auto noted = changes.TakeMessages();
  ASSERT_EQ(noted.size(), 2U);
  EXPECT_EQ(noted[0].message, again) << "as it was noted last, where it was noted first";
  EXPECT_EQ(noted[1].message, other);
}

TEST(Changes, WhatAnotherJobOfTheGroupChangedIsAnnouncedOnce) {
  const auto inserted = Of("a");
  Changes group;
  group.NoteInserted(inserted);
  Changes job;
  job.NoteById(MessageId("a"));
  group.Merge(std::move(job));
  const auto noted = group.TakeMessages();
  ASSERT_EQ(noted.size(), 1U);
  EXPECT_EQ(noted[0].message, nullptr) << "it is read when the commit is made";
}

TEST(Changes, WhatWasOnlyInsertedIsAnnouncedInThatOrder) {
  const auto first = Of("b");
  const auto second = Of("a");
  Changes changes;
  changes.NoteInserted(first);
  changes.NoteInserted(second);
  const auto noted = changes.TakeMessages();
  ASSERT_EQ(noted.size(), 2U);
  EXPECT_EQ(noted[0].message, first);
  EXPECT_EQ(noted[1].message, second);
  EXPECT_TRUE(changes.TakeMessages().empty());
}

}  // namespace
}  // namespace hark::store
