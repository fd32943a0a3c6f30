#include "daemon/keys/libsecret.h"

#include <optional>

#include <dlfcn.h>

namespace hark::keys {
namespace {

constexpr char kLibrary[] = "libsecret-1.so.0";

// Also what the library needs itself.
template <typename Function>
bool Find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  return function != nullptr;
}

std::optional<Libsecret> Load() {
  void* library = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return std::nullopt;
  Libsecret l;
  const bool complete =
      Find(library, "g_bus_get_sync", l.bus_get_sync) &&
      Find(library, "g_cancellable_cancel", l.cancellable_cancel) &&
      Find(library, "g_cancellable_new", l.cancellable_new) &&
      Find(library, "g_dbus_connection_set_exit_on_close", l.connection_set_exit_on_close) &&
      Find(library, "g_error_free", l.error_free) &&
      Find(library, "g_hash_table_insert", l.hash_table_insert) &&
      Find(library, "g_hash_table_lookup", l.hash_table_lookup) &&
      Find(library, "g_hash_table_new", l.hash_table_new) &&
      Find(library, "g_hash_table_unref", l.hash_table_unref) &&
      Find(library, "g_list_free", l.list_free) &&
      Find(library, "g_object_unref", l.object_unref) &&
      Find(library, "g_str_equal", l.str_equal) && Find(library, "g_str_hash", l.str_hash) &&
      Find(library, "secret_collection_for_alias_sync", l.collection_for_alias_sync) &&
      Find(library, "secret_collection_get_locked", l.collection_get_locked) &&
      Find(library, "secret_item_delete_sync", l.item_delete_sync) &&
      Find(library, "secret_item_get_attributes", l.item_get_attributes) &&
      Find(library, "secret_item_get_locked", l.item_get_locked) &&
      Find(library, "secret_item_get_secret", l.item_get_secret) &&
      Find(library, "secret_service_get_type", l.service_get_type) &&
      Find(library, "secret_service_open_sync", l.service_open_sync) &&
      Find(library, "secret_service_search_sync", l.service_search_sync) &&
      Find(library, "secret_service_store_sync", l.service_store_sync) &&
      Find(library, "secret_value_get", l.value_get) &&
      Find(library, "secret_value_new", l.value_new) &&
      Find(library, "secret_value_unref", l.value_unref);
  if (!complete) return std::nullopt;
  return l;
}

}  // namespace

const Libsecret* LoadLibsecret() {
  static const std::optional<Libsecret> loaded = Load();
  return loaded ? &*loaded : nullptr;
}

}  // namespace hark::keys
