// Clients of other versions of the local API.

#include "daemon/ipc/api_version.h"

#include <future>
#include <string>
#include <vector>

#include <google/protobuf/descriptor.h>
#include <grpcpp/generic/generic_stub.h>

#include "hark/v1/admin.grpc.pb.h"
#include "hark/v1/messages.grpc.pb.h"

#include "tests/unit/ipc/server_fixture.h"

namespace hark::ipc {
namespace {

TEST(ApiVersionTest, AVersionIsTwoShortNumbers) {
  EXPECT_EQ(ParseApiVersion("1.2"), (ApiVersion{1, 2}));
  EXPECT_EQ(ParseApiVersion("10.9999"), (ApiVersion{10, 9999}));
  for (const char* wrong : {"", "1", "1.", ".1", "1.2.3", "1.x", "-1.2", "+1.2", " 1.2", "1.2 ",
                            "1.00002", "99999.1", "1..2"}) {
    EXPECT_FALSE(ParseApiVersion(wrong)) << wrong;
  }
}

class ApiVersionServerTest : public ServerTest {
 protected:
  // An empty request. Of a stream, its end.
  grpc::Status Call(const google::protobuf::MethodDescriptor& method, const std::string& version) {
    const std::string path = "/" + method.service()->full_name() + "/" + method.name();
    grpc::GenericStub stub(channel_);
    grpc::ClientContext context;
    if (!version.empty()) context.AddMetadata(kApiVersionKey, version);
    const grpc::ByteBuffer in(nullptr, 0);
    grpc::ByteBuffer out;
    std::promise<grpc::Status> done;
    // To a unary call the first answer of a stream looks like the answer; a refusal like a refusal.
    stub.UnaryCall(&context, path, {}, &in, &out,
                   [&done](const grpc::Status& status) { done.set_value(status); });
    return done.get_future().get();
  }

  // All of hark.v1, also what is added later.
  static std::vector<const google::protobuf::MethodDescriptor*> Methods() {
    std::vector<const google::protobuf::MethodDescriptor*> methods;
    std::vector<std::string> files = {"account", "admin",  "conversations", "messages",
                                      "sync",    "search", "drafts",        "views"};
    for (const std::string& file : files) {
      const auto* described = google::protobuf::DescriptorPool::generated_pool()->FindFileByName(
          "hark/v1/" + file + ".proto");
      for (int i = 0; described != nullptr && i < described->service_count(); ++i) {
        for (int j = 0; j < described->service(i)->method_count(); ++j)
          methods.push_back(described->service(i)->method(j));
      }
    }
    return methods;
  }
};

TEST_F(ApiVersionServerTest, AnotherMajorVersionIsRefusedByEveryCallButTheGreeting) {
  const auto methods = Methods();
  ASSERT_GT(methods.size(), 20U);
  for (const auto* method : methods) {
    if (method->name() == "GetVersion") continue;
    const grpc::Status status = Call(*method, "2.0");
    EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION) << method->full_name();
    EXPECT_EQ(ReasonOf(status), "API_VERSION") << method->full_name();
    EXPECT_THAT(status.error_message(), testing::HasSubstr("2.0")) << method->full_name();
    EXPECT_EQ(Call(*method, "next").error_code(), grpc::StatusCode::INVALID_ARGUMENT)
        << method->full_name();
  }
}

TEST_F(ApiVersionServerTest, TheGreetingAnswersEverybody) {
  const auto stub = v1::Admin::NewStub(channel_);
  for (const char* version : {"0.9", "1.2", "2.0"}) {
    grpc::ClientContext context;
    context.AddMetadata(kApiVersionKey, version);
    v1::GetVersionResponse response;
    ASSERT_TRUE(stub->GetVersion(&context, {}, &response).ok()) << version;
    EXPECT_EQ(response.api_major(), kApiMajor);
    EXPECT_EQ(response.api_minor(), kApiMinor);
  }
}

TEST_F(ApiVersionServerTest, EveryMinorVersionIsServedAndWhatItAddsIsIgnored) {
  ada_->AddConversation("c", "title");
  ada_->AddMessages("c", {FakeAccount::SentMessage("m1", "text")});
  const auto stub = v1::Messages::NewStub(channel_);
  for (const char* version : {"1.0", "1.1", "1.2", "1.3", "1.999"}) {
    grpc::ClientContext context;
    context.AddMetadata(kApiVersionKey, version);
    v1::ListMessagesRequest request;
    request.set_conversation_id("c");
    // A field that this daemon does not know: number 900.
    request.GetReflection()->MutableUnknownFields(&request)->AddLengthDelimited(900, "new");
    v1::ListMessagesResponse response;
    ASSERT_TRUE(stub->ListMessages(&context, request, &response).ok()) << version;
    EXPECT_EQ(response.messages_size(), 1) << version;
  }
}

TEST_F(ApiVersionServerTest, ARefusedCallHasNoEffect) {
  ada_->AddConversation("c", "title");
  const auto stub = v1::Messages::NewStub(channel_);
  grpc::ClientContext context;
  context.AddMetadata(kApiVersionKey, "2.0");
  v1::SendMessageRequest request;
  request.set_conversation_id("c");
  request.set_content("text");
  v1::SendMessageResponse response;
  EXPECT_FALSE(stub->SendMessage(&context, request, &response).ok());
  grpc::ClientContext reading;
  v1::ListMessagesRequest list;
  list.set_conversation_id("c");
  v1::ListMessagesResponse page;
  ASSERT_TRUE(stub->ListMessages(&reading, list, &page).ok());
  EXPECT_EQ(page.messages_size(), 0);
}

}  // namespace
}  // namespace hark::ipc
