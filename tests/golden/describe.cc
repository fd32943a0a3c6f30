#include "tests/golden/describe.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <sstream>
#include <vector>

namespace hark::store {
namespace {

std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '\n') {
      quoted += "\\n";
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::int64_t Milliseconds(WallTime time) {
  return time.time_since_epoch().count();
}

void Put(std::ostream& out, const char* name, const std::optional<Gap>& gap) {
  if (!gap) return;
  out << "  " << name << " " << gap->from << ".." << gap->to << " reason "
      << static_cast<int>(gap->reason) << "\n";
}

void Put(std::ostream& out, const Message& message) {
  out << "  message " << Quoted(message.id.value()) << " sequence " << message.sequence
      << " revision " << message.revision << " role " << static_cast<int>(message.role)
      << " delivery " << static_cast<int>(message.delivery) << " created "
      << Milliseconds(message.created_at);
  if (message.edited_at) out << " edited " << Milliseconds(*message.edited_at);
  if (message.deleted) out << " deleted";
  out << " server_id " << Quoted(message.server_id) << " type " << Quoted(message.content_type)
      << " content " << Quoted(message.content) << "\n";
  for (const auto& [name, value] : message.metadata)
    out << "    metadata " << Quoted(name) << " = " << Quoted(value) << "\n";
  if (message.failure)
    out << "    failure " << message.failure->reason << " " << Quoted(message.failure->message)
        << "\n";
}

void Put(std::ostream& out, const Conversation& conversation) {
  out << "conversation " << Quoted(conversation.id.value()) << " title "
      << Quoted(conversation.title) << " preview " << Quoted(conversation.preview) << "\n  last "
      << conversation.last_sequence << " read " << conversation.read_sequence << " unread "
      << conversation.unread_count << " messages " << conversation.message_count << " pending "
      << conversation.pending_count << " failed " << conversation.failed_count << " activity "
      << Milliseconds(conversation.last_activity_at)
      << (conversation.complete ? " complete" : " incomplete") << "\n";
}

// Each page down to the last; where one ends at a gap, the messages below it are not reached by
// paging, which is what a UI sees too.
void PutPages(std::ostream& out, Reader& reader, const ConversationId& id) {
  PageQuery query{id, std::nullopt, 200};
  while (true) {
    const auto page = reader.ReadPage(query);
    if (!page) {
      out << "  page error " << page.error().message << "\n";
      return;
    }
    Put(out, "gap_after", page->gap_after);
    for (auto message = page->messages.rbegin(); message != page->messages.rend(); ++message)
      Put(out, *message);
    Put(out, "gap_before", page->gap_before);
    if (!page->has_more || page->messages.empty() || page->gap_before) return;
    query.anchor = page->messages.front().id;
  }
}

}  // namespace

std::string Describe(SqlcipherStore& store) {
  Reader& reader = store;
  std::ostringstream out;
  ConversationQuery query;
  query.limit = 200;
  while (true) {
    const auto page = reader.ListConversations(query);
    if (!page) return page.error().message;
    for (const Conversation& conversation : page->conversations) {
      Put(out, conversation);
      PutPages(out, reader, conversation.id);
    }
    if (!page->next) break;
    query.after = page->next;
  }
  if (const auto outbox = reader.ReadOutbox()) {
    for (const OutboxEntry& entry : outbox->entries) {
      out << "outbox " << entry.position << " kind " << static_cast<int>(entry.kind)
          << " conversation " << Quoted(entry.conversation.value()) << " message "
          << Quoted(entry.message.value()) << " read " << entry.read_sequence << " delivery "
          << static_cast<int>(entry.delivery) << "\n";
    }
  }
  if (const auto opened = reader.ActiveConversations(WallTime{}, 1'000)) {
    for (const ConversationId& id : *opened) out << "opened " << Quoted(id.value()) << "\n";
  }
  if (const auto plan = reader.PlanFetches({}, 1'000)) {
    out << "missing " << plan->missing << "\n";
    for (const FetchItem& item : plan->items) {
      out << "fetch " << Quoted(item.conversation.value()) << " " << item.from << ".." << item.to
          << (item.refresh ? " refresh" : "") << "\n";
    }
  }
  if (const auto sync = reader.ReadSyncState()) {
    out << "sync";
    if (sync->cursor) out << " cursor " << sync->cursor->epoch << ":" << sync->cursor->position;
    if (sync->last_synced_at) out << " at " << Milliseconds(*sync->last_synced_at);
    out << (sync->initial_sync_done ? " initial_done" : " initial_open") << "\n";
  }
  if (auto drafts = store.ReadDrafts()) {
    std::sort(drafts->begin(), drafts->end(),
              [](const Draft& a, const Draft& b) { return a.version < b.version; });
    for (const Draft& draft : *drafts) {
      out << "draft " << Quoted(draft.conversation.value()) << " version " << draft.version
          << " changed " << Milliseconds(draft.changed_at) << " text " << Quoted(draft.text)
          << "\n";
      if (const auto view = store.ReadViewState(draft.conversation, "golden"); view && *view) {
        out << "  view " << Quoted((*view)->message.value()) << " sequence " << (*view)->sequence
            << " offset " << (*view)->offset << ((*view)->at_bottom ? " at_bottom" : "") << " set "
            << Milliseconds((*view)->set_at) << "\n";
      }
    }
  }
  return out.str();
}

}  // namespace hark::store
