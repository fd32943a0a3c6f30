// libsecret and what it needs of GLib, loaded when a Secret Service is first asked: a daemon with
// another kind of key neither needs them nor pays for them at its start (ADR 0030).

#ifndef HARK_DAEMON_KEYS_LIBSECRET_H_
#define HARK_DAEMON_KEYS_LIBSECRET_H_

#include <libsecret/secret.h>

namespace hark::keys {

// The functions of both, under their names without the prefix where that is clear.
struct Libsecret {
  decltype(&g_bus_get_sync) bus_get_sync = nullptr;
  decltype(&g_cancellable_cancel) cancellable_cancel = nullptr;
  decltype(&g_cancellable_new) cancellable_new = nullptr;
  decltype(&g_dbus_connection_set_exit_on_close) connection_set_exit_on_close = nullptr;
  decltype(&g_error_free) error_free = nullptr;
  decltype(&g_hash_table_insert) hash_table_insert = nullptr;
  decltype(&g_hash_table_lookup) hash_table_lookup = nullptr;
  decltype(&g_hash_table_new) hash_table_new = nullptr;
  decltype(&g_hash_table_unref) hash_table_unref = nullptr;
  decltype(&g_list_free) list_free = nullptr;
  decltype(&g_object_unref) object_unref = nullptr;
  decltype(&g_str_equal) str_equal = nullptr;
  decltype(&g_str_hash) str_hash = nullptr;
  decltype(&secret_collection_for_alias_sync) collection_for_alias_sync = nullptr;
  decltype(&secret_collection_get_locked) collection_get_locked = nullptr;
  decltype(&secret_item_delete_sync) item_delete_sync = nullptr;
  decltype(&secret_item_get_attributes) item_get_attributes = nullptr;
  decltype(&secret_item_get_locked) item_get_locked = nullptr;
  decltype(&secret_item_get_secret) item_get_secret = nullptr;
  decltype(&secret_service_get_type) service_get_type = nullptr;
  decltype(&secret_service_open_sync) service_open_sync = nullptr;
  decltype(&secret_service_search_sync) service_search_sync = nullptr;
  decltype(&secret_service_store_sync) service_store_sync = nullptr;
  decltype(&secret_value_get) value_get = nullptr;
  decltype(&secret_value_new) value_new = nullptr;
  decltype(&secret_value_unref) value_unref = nullptr;
};

// Null: it is not installed. Loaded once and never unloaded, since GLib cannot be.
[[nodiscard]] const Libsecret* LoadLibsecret();

}  // namespace hark::keys

#endif  // HARK_DAEMON_KEYS_LIBSECRET_H_
