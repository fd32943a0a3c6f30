#include "daemon/store/search_tokenizer.h"

#include <array>
#include <memory>
#include <new>

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

namespace hark::store {
namespace {

// Marks are parts of words too, or a Hindi or vocalised Arabic word would be cut to single letters.
// What is written here is in every index: a change needs a migration.
constexpr std::array<const char*, 4> kPlainArguments = {"remove_diacritics", "2", "categories",
                                                        "L* N* Co Mn Mc"};

void Check(sqlite3* database, int code) {
  if (code != SQLITE_OK) throw SQLite::Exception(database, code);
}

fts5_api* FindFts5(sqlite3* database) {
  fts5_api* api = nullptr;
  sqlite3_stmt* statement = nullptr;
  Check(database, sqlite3_prepare_v2(database, "SELECT fts5(?1)", -1, &statement, nullptr));
  sqlite3_bind_pointer(statement, 1, static_cast<void*>(&api), "fts5_api_ptr", nullptr);
  sqlite3_step(statement);
  const int code = sqlite3_finalize(statement);
  Check(database, code);
  if (api == nullptr) throw SQLite::Exception("SQLite was built without FTS5", SQLITE_ERROR);
  return api;
}

// unicode61, as FTS5 makes it.
class Unicode61 final : public PlainSplitter {
 public:
  // Throws SQLite::Exception.
  explicit Unicode61(fts5_api* api) {
    void* user_data = nullptr;
    int code = api->xFindTokenizer(api, "unicode61", &user_data, &methods_);
    if (code == SQLITE_OK) {
      auto arguments = kPlainArguments;
      code = methods_.xCreate(user_data, arguments.data(), static_cast<int>(arguments.size()),
                              &tokenizer_);
    }
    if (code != SQLITE_OK) throw SQLite::Exception("the tokenizer cannot be made", code);
  }
  ~Unicode61() override { methods_.xDelete(tokenizer_); }

  int Split(std::string_view text, int flags, void* context, TakeWord take) override {
    return methods_.xTokenize(tokenizer_, context, flags, text.data(),
                              static_cast<int>(text.size()), take);
  }

 private:
  fts5_tokenizer methods_{};
  Fts5Tokenizer* tokenizer_ = nullptr;
};

// What FTS5 knows as a Fts5Tokenizer*.
struct Instance {
  explicit Instance(fts5_api* api) : plain(api) {}

  Unicode61 plain;
  WordSplitter splitter{plain};
};

// No exception may go through FTS5.
int Create(void* api, const char** /*arguments*/, int /*count*/, Fts5Tokenizer** made) {
  try {
    *made = reinterpret_cast<Fts5Tokenizer*>(new Instance(static_cast<fts5_api*>(api)));
    return SQLITE_OK;
  } catch (const SQLite::Exception& exception) {
    return exception.getErrorCode();
  } catch (const std::exception&) {
    return SQLITE_NOMEM;
  }
}

void Delete(Fts5Tokenizer* tokenizer) {
  delete reinterpret_cast<Instance*>(tokenizer);
}

int Tokenize(Fts5Tokenizer* tokenizer, void* context, int flags, const char* text, int bytes,
             TakeWord take) {
  if (text == nullptr || bytes <= 0) return SQLITE_OK;
  try {
    return reinterpret_cast<Instance*>(tokenizer)->splitter.Split(
        {text, static_cast<std::size_t>(bytes)}, flags, context, take);
  } catch (const std::exception&) {
    return SQLITE_NOMEM;
  }
}

}  // namespace

void RegisterSearchTokenizer(sqlite3* database) {
  fts5_api* api = FindFts5(database);
  fts5_tokenizer methods{Create, Delete, Tokenize};
  Check(database, api->xCreateTokenizer(api, "hark", api, &methods, nullptr));
}

struct SearchWords::Parts : Instance {
  using Instance::Instance;
};

SearchWords::SearchWords(sqlite3* database) : parts_(std::make_unique<Parts>(FindFts5(database))) {}
SearchWords::~SearchWords() = default;

void SearchWords::Split(std::string_view text, void* context, TakeWord take) {
  parts_->splitter.Split(text, 0, context, take);
}

}  // namespace hark::store
