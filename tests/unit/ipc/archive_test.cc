// Forgetting, clearing, exports, backups and restores over a real socket.

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "hark/v1/account.grpc.pb.h"
#include "hark/v1/admin.grpc.pb.h"

#include "daemon/base/limits.h"
#include "tests/unit/ipc/server_fixture.h"

namespace hark::ipc {
namespace {

using grpc::StatusCode;

class ArchiveTest : public ServerTest {
 protected:
  // `pieces`: what follows `begin`.
  grpc::Status Restore(const std::vector<std::string>& pieces, bool discard = false,
                       bool begins = true) {
    grpc::ClientContext context;
    auto writer = admin_->Restore(&context, &restored_);
    v1::RestoreRequest piece;
    piece.mutable_begin()->set_passphrase("secret words");
    piece.mutable_begin()->set_discard_unsent(discard);
    if (begins) writer->Write(piece);
    for (const std::string& bytes : pieces) {
      piece.set_data(bytes);
      writer->Write(piece);
    }
    writer->WritesDone();
    return writer->Finish();
  }

  const std::unique_ptr<v1::Admin::Stub> admin_ = v1::Admin::NewStub(channel_);
  v1::RestoreResponse restored_;
};

TEST_F(ArchiveTest, ForgettingRefusesToLoseWhatWasNotSentUnlessThatIsSaid) {
  const auto account = v1::Account::NewStub(channel_);
  v1::SignOutRequest request;
  request.set_forget(true);
  v1::SignOutResponse response;
  {
    grpc::ClientContext context;
    const grpc::Status status = account->SignOut(&context, request, &response);
    EXPECT_EQ(status.error_code(), StatusCode::FAILED_PRECONDITION);
    EXPECT_EQ(ReasonOf(status), "PRECONDITION");
  }
  request.set_discard_unsent(true);
  grpc::ClientContext context;
  ASSERT_TRUE(account->SignOut(&context, request, &response).ok());
  EXPECT_EQ(response.account().state(), v1::AccountInfo::STATE_NONE);
  EXPECT_EQ(response.entries_lost(), 2U);
  EXPECT_EQ(response.drafts_lost(), 1U);
}

TEST_F(ArchiveTest, ASecondBeginOfARestoreIsRefused) {
  grpc::ClientContext context;
  const auto writer = admin_->Restore(&context, &restored_);
  v1::RestoreRequest begin;
  begin.mutable_begin()->set_passphrase("secret words");
  writer->Write(begin);
  writer->Write(begin);
  writer->WritesDone();
  EXPECT_EQ(writer->Finish().error_code(), StatusCode::INVALID_ARGUMENT);
}

TEST_F(ArchiveTest, ClearingAnswersWhatWasRemoved) {
  v1::ClearCacheRequest request;
  v1::ClearCacheResponse response;
  {
    grpc::ClientContext context;
    ASSERT_TRUE(admin_->ClearCache(&context, request, &response).ok());
  }
  EXPECT_EQ(response.bytes_removed(), 100U);
  EXPECT_EQ(response.entries_lost(), 0U);
  request.set_everything(true);
  {
    grpc::ClientContext context;
    EXPECT_EQ(admin_->ClearCache(&context, request, &response).error_code(),
              StatusCode::FAILED_PRECONDITION);
  }
  request.set_discard_unsent(true);
  grpc::ClientContext context;
  ASSERT_TRUE(admin_->ClearCache(&context, request, &response).ok());
  EXPECT_EQ(response.entries_lost(), 2U);
}

TEST_F(ArchiveTest, AnExportTellsHowMuchFollowsThenAllOfIt) {
  grpc::ClientContext context;
  auto reader = admin_->Export(&context, {});
  v1::ExportResponse response;
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.begin().conversations(), 1U);
  EXPECT_EQ(response.begin().messages(), FakeArchive::kMessages);
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.conversation().id(), "c");
  for (std::size_t i = 1; i <= FakeArchive::kMessages; ++i) {
    ASSERT_TRUE(reader->Read(&response));
    ASSERT_EQ(response.messages().messages_size(), 1);
    EXPECT_EQ(response.messages().messages(0).id(), "m" + std::to_string(i));
  }
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(ArchiveTest, ExportsOfNothingAreRefused) {
  v1::ExportRequest request;
  request.set_conversation_id("no-such");
  v1::ExportResponse response;
  {
    grpc::ClientContext context;
    EXPECT_EQ(admin_->Export(&context, request)->Finish().error_code(), StatusCode::NOT_FOUND);
  }
  accounts_.Forget();
  grpc::ClientContext context;
  const grpc::Status status = admin_->Export(&context, {})->Finish();
  EXPECT_EQ(status.error_code(), StatusCode::FAILED_PRECONDITION);
}

TEST_F(ArchiveTest, OneTooManyIsRefusedAndAnEndMakesRoom) {
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<v1::ExportResponse>>> readers;
  const auto open = [&] {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    readers.push_back(admin_->Export(contexts.back().get(), {}));
  };
  v1::ExportResponse response;
  for (std::size_t i = 0; i < limits::kArchiveCalls; ++i) {
    open();
    ASSERT_TRUE(readers.back()->Read(&response));
  }
  open();
  const grpc::Status refused = readers.back()->Finish();
  EXPECT_EQ(refused.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  readers.pop_back();
  // Those that are not read stay where they are; one that is given up is closed.
  contexts.front()->TryCancel();
  EXPECT_EQ(readers.front()->Finish().error_code(), StatusCode::CANCELLED);
  while (ada_->fake_archive().sources() == static_cast<int>(limits::kArchiveCalls)) {
  }
  for (;;) {
    open();
    if (readers.back()->Read(&response)) break;
    ASSERT_EQ(readers.back()->Finish().error_code(), StatusCode::RESOURCE_EXHAUSTED);
    readers.pop_back();
  }
  for (std::size_t i = 1; i < readers.size(); ++i) contexts[i]->TryCancel();
  for (const auto& context : contexts) context->TryCancel();
  for (std::size_t i = 1; i < readers.size(); ++i) (void)readers[i]->Finish();
}

TEST_F(ArchiveTest, ABackupIsItsBytes) {
  v1::BackupRequest request;
  request.set_passphrase("some words");
  grpc::ClientContext context;
  auto reader = admin_->Backup(&context, request);
  v1::BackupResponse response;
  ASSERT_TRUE(reader->Read(&response));
  const std::uint64_t size = response.begin().bytes();
  std::string bytes;
  while (reader->Read(&response)) bytes += response.data();
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(bytes, "backup with some words");
  EXPECT_EQ(size, bytes.size());
}

TEST_F(ArchiveTest, ARestoreIsGivenAllBytesAndAnswersWhatItDid) {
  const grpc::Status refused = Restore({"one", "two"});
  EXPECT_EQ(refused.error_code(), StatusCode::FAILED_PRECONDITION);
  ASSERT_TRUE(Restore({"one", "two", std::string(1'000'000, 'x')}, true).ok());
  EXPECT_EQ(accounts_.restored(), "secret words|onetwo" + std::string(1'000'000, 'x'));
  EXPECT_EQ(restored_.messages(), 7U);
  EXPECT_EQ(restored_.aside(), "/aside");
}

TEST_F(ArchiveTest, ARestoreThatDoesNotBeginOrIsNoneIsRefusedAtOnce) {
  EXPECT_EQ(Restore({"one"}, true, false).error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Restore({}, true, false).error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Restore({"nonsense"}, true).error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(accounts_.restored(), "");
}

}  // namespace
}  // namespace hark::ipc
