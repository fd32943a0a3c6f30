// hark export: one conversation a line, as hark-backend import reads it. Written piece by piece, so
// that a conversation of any length takes no memory.

#include <cstdint>
#include <string>
#include <vector>

#include <unistd.h>

#include "tools/hark/command.h"
#include "tools/hark/exit_code.h"
#include "tools/hark/json_line.h"
#include "tools/hark/output_file.h"
#include "tools/hark/progress_bar.h"
#include "tools/hark/text.h"

namespace hark::cli {
namespace {

std::string ToJson(const client::Message& message) {
  JsonLine line;
  line.Text("id", message.id).Text("role", ToString(message.role));
  line.Text("content", message.content).Text("content_type", message.content_type);
  if (!message.metadata.empty()) line.TextMap("metadata", message.metadata);
  line.Time("created_at", message.created_at);
  if (message.edited_at) line.Time("edited_at", message.edited_at);
  line.Number("sequence", message.sequence).Number("revision", message.revision);
  if (message.deleted) line.Flag("deleted", true);
  return line.str();
}

// The lines of the file, as the parts come in.
class ExportLines {
 public:
  explicit ExportLines(OutputFile& file) : file_(file) {}

  [[nodiscard]] bool Begin(const client::Conversation& conversation) {
    if (!End()) return false;
    JsonLine line;
    line.Text("conversation_id", conversation.id).Text("title", conversation.title);
    line.Number("read_sequence", conversation.read_sequence);
    line.Time("last_activity_at", conversation.last_activity_at);
    std::string begin = line.str();
    begin.pop_back();
    open_ = true;
    first_ = true;
    ++conversations_;
    return file_.Write(begin + ",\"messages\":[");
  }

  [[nodiscard]] bool Add(const std::vector<client::Message>& messages) {
    std::string text;
    for (const client::Message& message : messages) {
      if (!first_) text += ',';
      first_ = false;
      text += ToJson(message);
    }
    messages_ += messages.size();
    return file_.Write(text);
  }

  [[nodiscard]] bool End() {
    if (!open_) return true;
    open_ = false;
    return file_.Write("]}\n");
  }

  [[nodiscard]] std::uint64_t conversations() const { return conversations_; }
  [[nodiscard]] std::uint64_t messages() const { return messages_; }

 private:
  OutputFile& file_;
  bool open_ = false;
  bool first_ = true;
  std::uint64_t conversations_ = 0;
  std::uint64_t messages_ = 0;
};

}  // namespace

int Export(Session& session) {
  OutputFile file(session.arguments.file.empty() ? "-" : session.arguments.file);
  if (!file.Open()) return Report(file.why_not_open(), file.error().c_str());
  const bool to_stdout = file.path() == "-";
  ExportLines lines(file);
  bool written = true;
  const client::Result<void> done = [&] {
    // Not between the lines on a terminal.
    ProgressBar bar("exporting", !(to_stdout && isatty(STDOUT_FILENO) == 1));
    std::uint64_t total = 0;
    client::ExportHandlers handlers;
    handlers.on_begin = [&](std::uint64_t, std::uint64_t messages) {
      total = messages;
      return true;
    };
    handlers.on_conversation = [&](const client::Conversation& conversation) {
      written = lines.Begin(conversation);
      return written;
    };
    handlers.on_messages = [&](const std::vector<client::Message>& messages) {
      written = lines.Add(messages);
      bar.Show(lines.messages(), total);
      return written;
    };
    return session.client.Export(session.arguments.conversation, handlers);
  }();
  if (written && done) written = lines.End() && file.Close();
  if (!written) return Report(kUnexpected, Printable(file.error()).c_str());
  if (!done) return Report(done.error());
  if (to_stdout) return kOk;
  if (session.output.json()) {
    JsonLine line;
    line.Text("type", "exported").Text("file", file.path());
    session.output.Json(
        line.Number("conversations", lines.conversations()).Number("messages", lines.messages()));
  } else {
    session.output.Line("exported " + Grouped(lines.conversations()) + " conversations with " +
                        Grouped(lines.messages()) + " messages to " + Printable(file.path()));
  }
  return kOk;
}

}  // namespace hark::cli
