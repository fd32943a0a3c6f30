// Drafts and view states over a real socket: calls, and the stream of drafts.

#include <chrono>
#include <memory>
#include <string>

#include "hark/v1/drafts.grpc.pb.h"
#include "hark/v1/view_states.grpc.pb.h"

#include "daemon/base/limits.h"
#include "tests/unit/ipc/server_fixture.h"

namespace hark::ipc {
namespace {

using Response = v1::SetDraftResponse;

// One open stream of drafts.
class DraftsWatch {
 public:
  DraftsWatch(v1::Drafts::Stub& stub, const std::string& token, const std::string& conversation) {
    v1::WatchDraftsRequest request;
    request.set_resume_token(token);
    request.set_conversation_id(conversation);
    // No test waits for long: an event that never comes fails instead of hanging.
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    reader_ = stub.WatchDrafts(&context_, request);
  }

  // An empty one if the stream ended.
  v1::WatchDraftsResponse Next() {
    v1::WatchDraftsResponse event;
    if (!reader_->Read(&event)) event.Clear();
    return event;
  }
  grpc::Status End() {
    v1::WatchDraftsResponse event;
    while (reader_->Read(&event)) {
    }
    return reader_->Finish();
  }
  grpc::Status Cancel() {
    context_.TryCancel();
    return End();
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::WatchDraftsResponse>> reader_;
};

class UserStateTest : public ServerTest {
 protected:
  UserStateTest() {
    ada_->AddConversation("c", "title");
    ada_->AddConversation("d", "title");
    ada_->AddMessages("c", {FakeAccount::SentMessage("m1", "one")});
  }

  grpc::Status Set(const std::string& conversation, const std::string& text, std::uint64_t base = 0,
                   bool flush = false) {
    grpc::ClientContext context;
    v1::SetDraftRequest request;
    request.set_conversation_id(conversation);
    request.set_text(text);
    request.set_base_version(base);
    request.set_flush(flush);
    return drafts_->SetDraft(&context, request, &set_);
  }
  // One that must be made; its version.
  std::uint64_t Made(const std::string& conversation, const std::string& text,
                     std::uint64_t base = 0) {
    const grpc::Status status = Set(conversation, text, base);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(set_.outcome(), Response::OUTCOME_SET);
    return set_.draft().version();
  }
  v1::Draft Get(const std::string& conversation) {
    grpc::ClientContext context;
    v1::GetDraftRequest request;
    request.set_conversation_id(conversation);
    v1::GetDraftResponse response;
    EXPECT_TRUE(drafts_->GetDraft(&context, request, &response).ok());
    return response.draft();
  }
  DraftsWatch Watch(const std::string& token = "", const std::string& conversation = "") {
    return {*drafts_, token, conversation};
  }

  grpc::Status SetView(const v1::SetViewStateRequest& request) {
    grpc::ClientContext context;
    v1::SetViewStateResponse response;
    return views_->SetViewState(&context, request, &response);
  }

  std::unique_ptr<v1::Drafts::Stub> drafts_ = v1::Drafts::NewStub(channel_);
  std::unique_ptr<v1::ViewStates::Stub> views_ = v1::ViewStates::NewStub(channel_);
  Response set_;
};

TEST_F(UserStateTest, ADraftIsSetReadListedAndCleared) {
  EXPECT_EQ(Get("c").version(), 0U);
  EXPECT_FALSE(Get("c").has_changed_at());
  const std::uint64_t version = Made("c", "héllo");
  EXPECT_EQ(Get("c").text(), "héllo");
  EXPECT_EQ(Get("c").conversation_id(), "c");
  EXPECT_GT(Get("c").changed_at().seconds(), 0);
  Made("d", "later");
  grpc::ClientContext context;
  v1::ListDraftsResponse list;
  ASSERT_TRUE(drafts_->ListDrafts(&context, {}, &list).ok());
  ASSERT_EQ(list.drafts_size(), 2);
  EXPECT_EQ(list.drafts(0).text(), "later");
  EXPECT_GT(Made("c", "", version), version);
  EXPECT_EQ(Get("c").text(), "");
}

TEST_F(UserStateTest, AConflictIsAnAnswerWithTheNewerDraft) {
  const std::uint64_t first = Made("c", "one");
  const std::uint64_t second = Made("c", "one two", first);
  ASSERT_TRUE(Set("c", "one three", first).ok());
  EXPECT_EQ(set_.outcome(), Response::OUTCOME_CONFLICT);
  EXPECT_EQ(set_.draft().version(), second);
  EXPECT_EQ(set_.draft().text(), "one two");
}

TEST_F(UserStateTest, FlushIsAnsweredOnceItIsWrittenAndSaysIfItCouldNotBe) {
  ASSERT_TRUE(Set("c", "typed").ok());
  EXPECT_TRUE(ada_->user_state_store().drafts().empty());
  ASSERT_TRUE(Set("c", "typed and kept", set_.draft().version(), true).ok());
  EXPECT_EQ(ada_->user_state_store().drafts().at(ConversationId("c")).text, "typed and kept");
}

TEST_F(UserStateTest, RefusalsAreTyped) {
  const grpc::Status unknown = Set("nowhere", "text");
  EXPECT_EQ(unknown.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(ReasonOf(unknown), "NOT_FOUND");
  EXPECT_EQ(ReasonOf(Set("", "text")), "INVALID_ARGUMENT");
  EXPECT_EQ(ReasonOf(Set("c", std::string(limits::kDraftBytes + 1, 'x'))), "INVALID_ARGUMENT");
  for (std::size_t i = 0; i < limits::kAllDraftsBytes / limits::kDraftBytes; ++i) {
    const std::string conversation = "full" + std::to_string(i);
    ada_->AddConversation(conversation, "title");
    Made(conversation, std::string(limits::kDraftBytes, 'x'));
  }
  const grpc::Status full = Set("c", "one more");
  EXPECT_EQ(full.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  // All of it still fits into one answer and into one event.
  grpc::ClientContext context;
  v1::ListDraftsResponse list;
  EXPECT_TRUE(drafts_->ListDrafts(&context, {}, &list).ok());
  auto watch = Watch();
  EXPECT_EQ(watch.Next().snapshot().drafts_size(), list.drafts_size());
  watch.Cancel();
}

TEST_F(UserStateTest, TextThatIsNotUtf8IsRefusedBeforeItIsLookedAt) {
  // conversation_id "c", text FF.
  EXPECT_EQ(CallRaw("/hark.v1.Drafts/SetDraft",
                    std::string("\x0a\x01"
                                "c\x12\x01\xff"),
                    nullptr)
                .error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(UserStateTest, AWatchBeginsWithAllDraftsAndGoesOnWithWhatChanges) {
  const std::uint64_t version = Made("c", "one");
  auto watch = Watch();
  const auto first = watch.Next();
  ASSERT_EQ(first.snapshot().drafts_size(), 1);
  EXPECT_EQ(first.version(), version);
  const std::uint64_t second = Made("d", "two");
  const auto next = watch.Next();
  ASSERT_EQ(next.delta().changed_size(), 1);
  EXPECT_EQ(next.delta().changed(0).text(), "two");
  EXPECT_EQ(next.version(), second);
  Made("c", "", version);
  const auto cleared = watch.Next();
  ASSERT_EQ(cleared.delta().changed_size(), 1);
  EXPECT_EQ(cleared.delta().changed(0).conversation_id(), "c");
  EXPECT_EQ(cleared.delta().changed(0).text(), "");
  watch.Cancel();
}

TEST_F(UserStateTest, AWatchOfOneConversationHearsOfNoOther) {
  auto watch = Watch("", "c");
  const auto first = watch.Next();
  ASSERT_EQ(first.snapshot().drafts_size(), 1) << "also without a text";
  EXPECT_EQ(first.snapshot().drafts(0).version(), 0U);
  Made("d", "elsewhere");
  Made("c", "here");
  const auto next = watch.Next();
  ASSERT_EQ(next.delta().changed_size(), 1);
  EXPECT_EQ(next.delta().changed(0).text(), "here");
  watch.Cancel();
}

TEST_F(UserStateTest, AWatchResumesWithWhatItMissedAndNothingElse) {
  Made("d", "known");
  auto before = Watch();
  const std::string token = before.Next().resume_token();
  before.Cancel();
  const std::uint64_t first = Made("c", "o");
  Made("c", "on", first);
  auto after = Watch(token);
  ASSERT_TRUE(after.Next().has_resumed());
  const auto missed = after.Next();
  ASSERT_EQ(missed.delta().changed_size(), 1) << "only the latest of each";
  EXPECT_EQ(missed.delta().changed(0).text(), "on");
  after.Cancel();
  auto again = Watch(missed.resume_token());
  const auto resumed = again.Next();
  ASSERT_TRUE(resumed.has_resumed());
  EXPECT_EQ(resumed.version(), missed.version());
  again.Cancel();
}

TEST_F(UserStateTest, WhatIsNoTokenOfThisStreamBeginsWithASnapshot) {
  Made("c", "one");
  auto watch = Watch();
  const std::string token = watch.Next().resume_token();
  watch.Cancel();
  const std::string revision = token.substr(token.find('.') + 1);
  for (const std::string& other :
       {std::string("nonsense"), revision, std::string("d1.other:100000001")}) {
    SCOPED_TRACE(other);
    auto fresh = Watch(other);
    EXPECT_TRUE(fresh.Next().has_snapshot());
    fresh.Cancel();
  }
}

TEST_F(UserStateTest, AClientThatDoesNotReadSkipsWhatIsOutdated) {
  auto watch = Watch("", "c");
  ASSERT_TRUE(watch.Next().has_snapshot());
  std::uint64_t version = 0;
  std::string text;
  // More than fits into the buffers of gRPC and the socket.
  for (int i = 0; i < 400; ++i) {
    text = std::string(limits::kDraftBytes - 10, 'x') + std::to_string(i);
    version = Made("c", text, version);
  }
  int events = 0;
  for (std::string shown; shown != text; ++events) {
    const auto event = watch.Next();
    ASSERT_EQ(event.delta().changed_size(), 1);
    shown = event.delta().changed(0).text();
  }
  EXPECT_LT(events, 400);
  watch.Cancel();
}

TEST_F(UserStateTest, AWatchEndsWhenAnotherAccountIsSignedIn) {
  auto watch = Watch();
  ASSERT_TRUE(watch.Next().has_snapshot());
  Made("c", "ada's");
  (void)accounts_.SwitchTo("grace");
  const grpc::Status end = watch.End();
  EXPECT_EQ(end.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(ReasonOf(end), "ACCOUNT_SWITCHED");
  EXPECT_EQ(Get("c").version(), 0U);
}

TEST_F(UserStateTest, WithoutAnAccountEveryCallSaysSo) {
  accounts_.Forget();
  EXPECT_EQ(ReasonOf(Set("c", "text")), "NOT_SIGNED_IN");
  auto watch = Watch();
  EXPECT_EQ(ReasonOf(watch.End()), "NOT_SIGNED_IN");
  v1::SetViewStateRequest view;
  view.set_conversation_id("c");
  view.set_ui("ui");
  view.set_at_bottom(true);
  EXPECT_EQ(ReasonOf(SetView(view)), "NOT_SIGNED_IN");
}

TEST_F(UserStateTest, AViewStateIsSetAndRead) {
  v1::SetViewStateRequest request;
  request.set_conversation_id("c");
  request.set_ui("desktop");
  request.set_message_id("m1");
  request.set_offset(-12);
  ASSERT_TRUE(SetView(request).ok());
  v1::GetViewStateRequest get;
  get.set_conversation_id("c");
  get.set_ui("desktop");
  grpc::ClientContext context;
  v1::GetViewStateResponse response;
  ASSERT_TRUE(views_->GetViewState(&context, get, &response).ok());
  ASSERT_TRUE(response.has_view_state());
  EXPECT_EQ(response.view_state().message_id(), "m1");
  EXPECT_EQ(response.view_state().set_message_id(), "m1");
  EXPECT_EQ(response.view_state().offset(), -12);
  EXPECT_FALSE(response.view_state().nearest());
  EXPECT_GT(response.view_state().set_at().seconds(), 0);

  get.set_ui("tui");
  grpc::ClientContext other;
  ASSERT_TRUE(views_->GetViewState(&other, get, &response).ok());
  EXPECT_FALSE(response.has_view_state());

  request.set_message_id("none");
  EXPECT_EQ(ReasonOf(SetView(request)), "NOT_FOUND");
  request.clear_message_id();
  EXPECT_EQ(ReasonOf(SetView(request)), "INVALID_ARGUMENT");
  request.set_message_id(std::string(limits::kIdBytes + 1, 'x'));
  EXPECT_EQ(ReasonOf(SetView(request)), "INVALID_ARGUMENT");
}

}  // namespace
}  // namespace hark::ipc
