#ifndef HARK_TOOLS_BACKEND_HTTP_API_H_
#define HARK_TOOLS_BACKEND_HTTP_API_H_

// What the backend answers over plain HTTP, without sockets:
//
//   GET /health                            {"status": "ok", …}; needs no token
//   GET /api/v1/conversation/messages      one page of a conversation; needs "Authorization: Bearer
//   TOKEN"
//       conversation_id                    required
//       page                               1 (the default) is the newest page, 2 the one before it,
//       … page_size                          1 to 200, default 50 before_message_id pages are
//       counted from just before this message instead of from the newest
//
// A page is {"messages": […], "total_count": N, "has_more": bool}: oldest message first, without
// deleted ones; total_count is of the whole conversation, has_more says that there are older
// messages. Errors are {"error": {"code", "message"}}.

#include <cstddef>
#include <string>

#include "tools/backend/hub.h"
#include "tools/backend/store.h"
#include "tools/backend/users.h"

namespace hark::backend {

inline constexpr char kSyncPath[] = "/api/v1/sync";

struct HttpRequest {
  std::string method;
  std::string target;  // As on the request line: path and query, percent-encoded.
  std::string authorization;
};

struct HttpReply {
  unsigned int status = 200;
  std::string body;  // JSON
};

class HttpApi {
 public:
  // All outlive the object.
  HttpApi(Store& store, Users& users, const Hub& hub) : store_(store), users_(users), hub_(hub) {}

  HttpReply Answer(const HttpRequest& request);

 private:
  HttpReply Health() const;
  HttpReply Messages(const HttpRequest& request);

  Store& store_;
  Users& users_;
  const Hub& hub_;
};

HttpReply MakeHttpError(unsigned int status, const std::string& code, const std::string& message);

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_HTTP_API_H_
