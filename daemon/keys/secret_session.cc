#include "daemon/keys/secret_session.h"

#include <utility>

#include "daemon/base/limits.h"

namespace hark::keys {
namespace {

// Found by attributes alone: of a collection that was never unlocked since it was loaded, GNOME
// Keyring does not know the schema of an item, and the key would look missing.
constexpr SecretSchema kSchema = {"org.hark.Key",
                                  SECRET_SCHEMA_DONT_MATCH_NAME,
                                  {{"what", SECRET_SCHEMA_ATTRIBUTE_STRING},
                                   {"store", SECRET_SCHEMA_ATTRIBUTE_STRING},
                                   {"generation", SECRET_SCHEMA_ATTRIBUTE_STRING},
                                   {nullptr, SECRET_SCHEMA_ATTRIBUTE_STRING}},
                                  0,
                                  nullptr,
                                  nullptr,
                                  nullptr,
                                  nullptr,
                                  nullptr,
                                  nullptr,
                                  nullptr};

// GLib's table of names and values, which are only referred to.
class Table {
 public:
  Table(const Libsecret& library, const SecretAttributes& attributes)
      : library_(library), table_(library.hash_table_new(library.str_hash, library.str_equal)) {
    Put("what", attributes.what);
    Put("store", attributes.store);
    if (!attributes.generation.empty()) Put("generation", attributes.generation);
  }
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;
  ~Table() { library_.hash_table_unref(table_); }

  [[nodiscard]] GHashTable* get() const { return table_; }

 private:
  void Put(const char* name, const std::string& value) {
    library_.hash_table_insert(table_, const_cast<char*>(name), const_cast<char*>(value.c_str()));
  }

  const Libsecret& library_;
  GHashTable* table_;
};

std::string TextAt(const Libsecret& library, GHashTable* table, const char* name) {
  const void* value = library.hash_table_lookup(table, name);
  return value == nullptr ? std::string() : std::string(static_cast<const char*>(value));
}

}  // namespace

SecretSession::SecretSession(const Libsecret& library, std::stop_token stop)
    : library_(library), cancel_(library.cancellable_new()) {
  watchdog_ = std::jthread([this, stop = std::move(stop)] {
    std::unique_lock lock(mutex_);
    const bool over = done_.wait_for(lock, stop, limits::kKeyStoreCall, [this] { return over_; });
    if (!over) library_.cancellable_cancel(cancel_);
  });
}

SecretSession::~SecretSession() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  done_.notify_all();
  watchdog_.join();
  if (service_ != nullptr) library_.object_unref(service_);
  if (bus_ != nullptr) library_.object_unref(bus_);
  library_.object_unref(cancel_);
}

tl::unexpected<Error> SecretSession::Failed(GError* error) const {
  const std::string message = error == nullptr ? "it failed" : error->message;
  const bool cancelled = error != nullptr && error->code == G_IO_ERROR_CANCELLED;
  const bool locked = error != nullptr && error->code == SECRET_ERROR_IS_LOCKED &&
                      message.find("locked") != std::string::npos;
  if (error != nullptr) library_.error_free(error);
  if (cancelled) return Fail(ErrorCode::kLocked, "the key store does not answer");
  if (locked) return Fail(ErrorCode::kLocked, "the key store is locked");
  return Fail(ErrorCode::kInternal, "the key store answered: " + message);
}

Result<std::unique_ptr<SecretSession>> SecretSession::Open(const std::stop_token& stop) {
  const Libsecret* library = LoadLibsecret();
  if (library == nullptr)
    return Fail(ErrorCode::kNotFound, "libsecret is not installed (package libsecret-1-0)");
  std::unique_ptr<SecretSession> session(new SecretSession(*library, stop));
  const auto absent = [&session](GError* error) {
    auto failed = session->Failed(error);
    if (failed.value().code == ErrorCode::kLocked) return failed;
    return Fail(ErrorCode::kNotFound,
                "no Secret Service answers on the session bus; start the desktop's key store");
  };
  GError* error = nullptr;
  session->bus_ = library->bus_get_sync(G_BUS_TYPE_SESSION, session->cancel_, &error);
  if (session->bus_ == nullptr) return absent(error);
  // Otherwise the end of the bus would be the end of this process.
  library->connection_set_exit_on_close(session->bus_, 0);
  session->service_ = library->service_open_sync(
      library->service_get_type(), nullptr, SECRET_SERVICE_OPEN_SESSION, session->cancel_, &error);
  if (session->service_ == nullptr) return absent(error);
  return session;
}

template <typename Use>
Result<void> SecretSession::ForEach(const SecretAttributes& wanted, const Use& use) {
  const Table table(library_, wanted);
  GError* error = nullptr;
  const auto flags = static_cast<SecretSearchFlags>(SECRET_SEARCH_ALL | SECRET_SEARCH_LOAD_SECRETS);
  GList* const items =
      library_.service_search_sync(service_, &kSchema, table.get(), flags, cancel_, &error);
  if (error != nullptr) return Failed(error);
  Result<void> done;
  for (const GList* at = items; at != nullptr; at = at->next) {
    auto* const item = static_cast<SecretItem*>(at->data);
    GHashTable* const said = library_.item_get_attributes(item);
    const SecretAttributes attributes{TextAt(library_, said, "what"),
                                      TextAt(library_, said, "store"),
                                      TextAt(library_, said, "generation")};
    library_.hash_table_unref(said);
    if (done) done = use(attributes, item);
    library_.object_unref(item);
  }
  library_.list_free(items);
  return done;
}

Result<std::vector<SecretItemFound>> SecretSession::Search(const SecretAttributes& wanted) {
  std::vector<SecretItemFound> found;
  auto done = ForEach(wanted, [&](const SecretAttributes& attributes, SecretItem* item) {
    std::optional<Secret> secret;
    if (library_.item_get_locked(item) == 0) {
      if (SecretValue* const value = library_.item_get_secret(item)) {
        gsize size = 0;
        const char* const bytes = library_.value_get(value, &size);
        secret.emplace(std::string(bytes, size));
        library_.value_unref(value);
      }
    }
    found.push_back({attributes, std::move(secret)});
    return Result<void>();
  });
  if (!done) return tl::unexpected(std::move(done.error()));
  return found;
}

Result<void> SecretSession::CheckUnlocked() {
  GError* error = nullptr;
  SecretCollection* const collection = library_.collection_for_alias_sync(
      service_, SECRET_COLLECTION_DEFAULT, SECRET_COLLECTION_NONE, cancel_, &error);
  if (error != nullptr) return Failed(error);
  if (collection == nullptr) {
    return Fail(ErrorCode::kNotFound,
                "the key store has no default keyring; make one in the desktop's key program");
  }
  const bool locked = library_.collection_get_locked(collection) != 0;
  library_.object_unref(collection);
  if (locked) return Fail(ErrorCode::kLocked, "the key store is locked; unlock it");
  return {};
}

Result<void> SecretSession::Store(const SecretAttributes& attributes, const std::string& label,
                                  const Secret& secret) {
  // The service would ask a person.
  if (auto unlocked = CheckUnlocked(); !unlocked) return unlocked;
  const Table table(library_, attributes);
  SecretValue* const value = library_.value_new(
      secret.bytes().data(), static_cast<gssize>(secret.bytes().size()), "text/plain");
  GError* error = nullptr;
  const bool stored =
      library_.service_store_sync(service_, &kSchema, table.get(), SECRET_COLLECTION_DEFAULT,
                                  label.c_str(), value, cancel_, &error) != 0;
  library_.value_unref(value);
  if (!stored) return Failed(error);
  return {};
}

Result<void> SecretSession::Remove(const SecretAttributes& wanted, const std::string& keep) {
  return ForEach(wanted, [&](const SecretAttributes& attributes, SecretItem* item) -> Result<void> {
    if (!keep.empty() && attributes.generation == keep) return {};
    if (library_.item_get_locked(item) != 0)
      return Fail(ErrorCode::kLocked, "the key store is locked; unlock it");
    GError* error = nullptr;
    if (library_.item_delete_sync(item, cancel_, &error) == 0) return Failed(error);
    return {};
  });
}

}  // namespace hark::keys
