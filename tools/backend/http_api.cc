#include "tools/backend/http_api.h"

#include <charconv>
#include <optional>
#include <string_view>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <google/protobuf/util/time_util.h>

#include "tools/backend/limits.h"
#include "tools/backend/validation.h"
#include "tools/backend/version.h"

namespace hark::backend {
namespace {

namespace json = boost::json;
namespace urls = boost::urls;

json::string_view View(const std::string& text) {
  return {text.data(), text.size()};
}

const char* RoleName(wire::Role role) {
  if (role == wire::ROLE_USER) return "user";
  if (role == wire::ROLE_ASSISTANT) return "assistant";
  return "system";
}

json::object ToJson(const Message& message) {
  using google::protobuf::util::TimeUtil;
  json::object object;
  object["id"] = View(message.id());
  object["conversation_id"] = View(message.conversation_id());
  object["sequence"] = message.sequence();
  object["revision"] = message.revision();
  object["role"] = RoleName(message.role());
  object["content"] = View(message.content());
  object["content_type"] = message.content_type().empty() ? json::string_view("text/plain")
                                                          : View(message.content_type());
  json::object metadata;
  for (const auto& [key, value] : message.metadata()) metadata[View(key)] = View(value);
  object["metadata"] = std::move(metadata);
  object["created_at"] = View(TimeUtil::ToString(message.created_at()));
  if (message.has_edited_at()) object["edited_at"] = View(TimeUtil::ToString(message.edited_at()));
  return object;
}

HttpReply FromError(const Error& error) {
  switch (error.code) {
    case ErrorCode::kNotFound: return MakeHttpError(404, "not_found", error.message);
    case ErrorCode::kUnauthenticated: return MakeHttpError(401, "unauthenticated", error.message);
    case ErrorCode::kInvalid:
    case ErrorCode::kTooLarge:
    case ErrorCode::kMalformed: return MakeHttpError(400, "invalid", error.message);
    case ErrorCode::kUnavailable: return MakeHttpError(503, "unavailable", "try again later");
    case ErrorCode::kConflict:
    case ErrorCode::kAlreadyExists:
    case ErrorCode::kPermission:
    case ErrorCode::kRateLimited:
    case ErrorCode::kDataFolder:
    case ErrorCode::kInUse:
    case ErrorCode::kInternal: break;
  }
  return MakeHttpError(500, "internal", "the backend failed");
}

Result<std::uint64_t> ParseNumber(std::string_view text, const std::string& name,
                                  std::uint64_t lowest, std::uint64_t highest) {
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || number < lowest ||
      number > highest) {
    return Fail(ErrorCode::kInvalid, name + " has to be a number from " + std::to_string(lowest) +
                                         " to " + std::to_string(highest));
  }
  return number;
}

// Parameters that are not known are ignored; of one given twice the last counts.
Result<VisibleQuery> ParseQuery(const urls::url_view& url) {
  VisibleQuery query;
  query.page_size = kDefaultPageSize;
  for (const auto& parameter : url.params()) {
    if (parameter.key == "conversation_id") query.conversation_id = parameter.value;
    if (parameter.key == "before_message_id") query.before_message_id = parameter.value;
    if (parameter.key == "page") {
      auto page = ParseNumber(parameter.value, "page", 1, 1'000'000'000);
      if (!page) return tl::unexpected<Error>(page.error());
      query.page = *page;
    }
    if (parameter.key == "page_size") {
      auto size = ParseNumber(parameter.value, "page_size", 1, kMaxPageSize);
      if (!size) return tl::unexpected<Error>(size.error());
      query.page_size = static_cast<std::uint32_t>(*size);
    }
  }
  if (auto good = CheckId(query.conversation_id, "conversation_id"); !good) {
    return tl::unexpected<Error>(good.error());
  }
  return query;
}

std::optional<std::string> BearerToken(const std::string& authorization) {
  constexpr std::string_view kPrefix = "Bearer ";
  if (!authorization.starts_with(kPrefix) || authorization.size() > kMaxTokenBytes) {
    return std::nullopt;
  }
  return authorization.substr(kPrefix.size());
}

}  // namespace

HttpReply MakeHttpError(unsigned int status, const std::string& code, const std::string& message) {
  json::object error;
  error["code"] = View(code);
  error["message"] = View(message);
  json::object body;
  body["error"] = std::move(error);
  return {status, json::serialize(body)};
}

HttpReply HttpApi::Answer(const HttpRequest& request) {
  const auto url = urls::parse_origin_form({request.target.data(), request.target.size()});
  if (!url) return MakeHttpError(400, "invalid", "the request target is not a path");
  const auto path = url->encoded_path();
  if (request.method == "GET" && path == "/health") return Health();
  if (request.method == "GET" && path == "/api/v1/conversation/messages") {
    return Messages(request);
  }
  if (request.method == "GET" && path == kSyncPath) {
    return MakeHttpError(400, "invalid",
                         "this is a WebSocket; offer hark.sync.v1.proto or hark.sync.v1.json");
  }
  return MakeHttpError(404, "not_found", "there is nothing here");
}

HttpReply HttpApi::Health() const {
  json::object body;
  body["status"] = "ok";
  body["version"] = kVersion;
  body["sessions"] = hub_.size();
  return {200, json::serialize(body)};
}

HttpReply HttpApi::Messages(const HttpRequest& request) {
  const auto token = BearerToken(request.authorization);
  if (!token) return MakeHttpError(401, "unauthenticated", "a bearer token is needed");
  const auto identity = users_.Authenticate(*token);
  if (!identity) return FromError(identity.error());
  const auto url = urls::parse_origin_form({request.target.data(), request.target.size()});
  const auto query = ParseQuery(*url);
  if (!query) return FromError(query.error());
  const auto page = store_.ReadVisible(identity->user_id, *query);
  if (!page) return FromError(page.error());

  json::array messages;
  messages.reserve(page->messages.size());
  for (const Message& message : page->messages) messages.push_back(ToJson(message));
  json::object body;
  body["messages"] = std::move(messages);
  body["total_count"] = page->total_count;
  body["has_more"] = page->has_more;
  return {200, json::serialize(body)};
}

}  // namespace hark::backend
