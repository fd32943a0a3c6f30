// The store's contract, on SQLCipher.

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "daemon/base/secret.h"
#include "daemon/store/sqlcipher_store.h"
#include "tests/contract/store_contract_restored.h"
#include "tests/contract/store_contract_stopped.h"
#include "tests/support/scratch_folder.h"

namespace hark::store {
namespace {

class SqlcipherUnderTest final : public StoreUnderTest {
 public:
  SqlcipherUnderTest(const Clock& clock, OnCommit on_commit)
      : clock_(clock), on_commit_(std::move(on_commit)) {
    Open();
  }

  Reader& reader() override { return *store_; }
  Writer& writer() override { return *store_; }
  RetentionStore& retention() override { return *store_; }
  UserStateStore& user_state() override { return *store_; }
  void Close() override { store_->Close(); }

  void Reopen() override {
    store_.reset();
    Open();
  }

 private:
  void Open() {
    StoreOptions options;
    options.folder = folder_ / "account";
    options.cache_key = Secret(std::string(32, '\x11'));
    options.authored_key = Secret(std::string(32, '\x22'));
    options.clock = &clock_;
    options.on_commit = on_commit_;
    auto store = SqlcipherStore::Open(std::move(options));
    if (!store) {
      ADD_FAILURE() << store.error().message;
      std::abort();
    }
    store_ = *std::move(store);
  }

  const Clock& clock_;
  OnCommit on_commit_;
  test::ScratchFolder folder_;
  std::unique_ptr<SqlcipherStore> store_;
};

const StoreFactory kSqlcipher = [](const Clock& clock, StoreUnderTest::OnCommit on_commit) {
  return std::make_unique<SqlcipherUnderTest>(clock, std::move(on_commit));
};

INSTANTIATE_TEST_SUITE_P(Sqlcipher, StoreContract, testing::Values(kSqlcipher));
INSTANTIATE_TEST_SUITE_P(Sqlcipher, RestoredBackend, testing::Values(kSqlcipher));
INSTANTIATE_TEST_SUITE_P(Sqlcipher, StoppedEdit, testing::Values(kSqlcipher));

}  // namespace
}  // namespace hark::store
