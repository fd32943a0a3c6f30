"""What the hostile backend keeps of one user: conversations, messages, and the log of their changes. Always correct: whatever
goes wrong goes wrong on the way. Written from docs/sync-protocol.md alone."""

import collections
import copy
import uuid

from hark.sync.v1 import sync_pb2 as pb

# A change in the log. `message` is empty if only the summary changed; `revised`: it was an edit or a deletion.
Entry = collections.namedtuple("Entry", "conversation message revised")
# An id that was appended once: what the repetition is compared with, and what it is answered.
First = collections.namedtuple("First", "conversation content sequence")


class Refusal(Exception):
    def __init__(self, code, text):
        super().__init__(text)
        self.code, self.text = code, text


class Conversation:
    def __init__(self, key, title, now):
        self.id, self.title, self.created_at = key, title, now
        self.messages = {}  # by sequence, in order; what retention dropped is not there
        self.last_sequence = self.read_sequence = 0

    def summary(self):
        kept = [m for m in self.messages.values() if not m.deleted]
        unread = sum(m.sequence > self.read_sequence and m.role != pb.ROLE_USER for m in kept)
        newest = self.messages.get(self.last_sequence)
        summary = pb.Conversation(id=self.id, title=self.title, last_sequence=self.last_sequence, message_count=len(kept),
                                  read_sequence=self.read_sequence, unread_count=unread,
                                  preview=kept[-1].content[:200] if kept else "")
        summary.last_activity_at.FromMilliseconds(newest.created_at.ToMilliseconds() if newest else self.created_at)
        return summary


class Library:
    def __init__(self, random, clock):
        self.random, self.clock = random, clock
        self.conversations = {}
        self.places = {}  # message id: (conversation, sequence), of what is kept
        self.firsts = {}
        self.log, self.dropped = [], 0  # positions dropped + 1 to head
        self.new_epoch()

    def new_epoch(self):
        self.epoch = "%016x" % self.random.getrandbits(64)

    @property
    def head(self):
        return self.dropped + len(self.log)

    def copy(self):
        """Shares the clock and the source of chance, so that what comes after never repeats what was."""
        return copy.deepcopy(self, {id(self.random): self.random, id(self.clock): self.clock})

    def drop_log(self):
        """The log reaches back no further than to the head."""
        self.dropped, self.log = self.head, []

    # ---- writing ----

    def create(self, key, title):
        self.conversations[key] = Conversation(key, title, self.clock())
        self._tell(key)

    def append(self, wanted):
        """The first state of the message, also when it is repeated."""
        conversation = self.find(wanted.conversation_id)
        first = self.firsts.get(wanted.id)
        if first is not None:
            if (first.conversation, first.content) != (wanted.conversation_id, wanted.content):
                raise Refusal(pb.Refused.CODE_CONFLICT, "this id has other content")
            return first.sequence
        if not 1 <= len(wanted.id.encode()) <= 128 or not wanted.content or wanted.role == pb.ROLE_UNSPECIFIED:
            raise Refusal(pb.Refused.CODE_INVALID, "this can never be accepted")
        if len(wanted.content.encode()) > 65536:
            raise Refusal(pb.Refused.CODE_TOO_LARGE, "the content is too large")
        conversation.last_sequence += 1
        message = pb.Message()
        message.CopyFrom(wanted)
        message.sequence, message.revision = conversation.last_sequence, 1
        message.server_id = "srv-" + wanted.id[:8]
        message.ClearField("edited_at")
        message.deleted = False
        if not message.HasField("created_at"):
            message.created_at.FromMilliseconds(self.clock())
        conversation.messages[message.sequence] = message
        self.places[message.id] = (conversation.id, message.sequence)
        self.firsts[message.id] = First(conversation.id, message.content, message.sequence)
        self._tell(conversation.id, message.id)
        return message.sequence

    def born(self, conversation, role, content, **fields):
        """A message of the backend's own."""
        message = pb.Message(id=str(uuid.UUID(int=self.random.getrandbits(128), version=4)), conversation_id=conversation,
                             role=role, content=content, **fields)
        message.created_at.FromMilliseconds(self.clock())
        self.append(message)
        return message.id

    def edit(self, conversation, key, base, content, edited_at=None):
        message = self.message(conversation, key)
        if message.revision == base + 1 and message.content == content and not message.deleted:
            return message
        if message.deleted or message.revision > base:
            raise Refusal(pb.Refused.CODE_CONFLICT, "the message has moved on")
        if not content:
            raise Refusal(pb.Refused.CODE_INVALID, "no content")
        message.content, message.revision = content, base
        self._revise(message, edited_at)
        return message

    def delete(self, conversation, key, base=0):
        message = self.message(conversation, key)
        if message.deleted:
            return message
        if base and message.revision > base:
            raise Refusal(pb.Refused.CODE_CONFLICT, "the message has moved on")
        message.content, message.deleted, message.revision = "", True, max(message.revision, base)
        self._revise(message)
        return message

    def mark_read(self, conversation, sequence):
        found = self.find(conversation)
        if sequence > found.read_sequence:
            found.read_sequence = min(sequence, found.last_sequence)
            self._tell(conversation)

    def retitle(self, conversation, title):
        self.find(conversation).title = title
        self._tell(conversation)

    def touch(self, conversation):
        """Tells the summary once more."""
        self.find(conversation)
        self._tell(conversation)

    def forget_before(self, conversation, sequence):
        """Retention: the messages below it are gone. Their ids are remembered."""
        found = self.find(conversation)
        for key in [m.id for m in found.messages.values() if m.sequence < sequence]:
            del found.messages[self.places.pop(key)[1]]
        self._tell(conversation)

    # ---- reading ----

    def find(self, conversation):
        if conversation not in self.conversations:
            raise Refusal(pb.Refused.CODE_NOT_FOUND, "no such conversation")
        return self.conversations[conversation]

    def message(self, conversation, key):
        place = self.places.get(key)
        if place is None or place[0] != conversation:
            raise Refusal(pb.Refused.CODE_NOT_FOUND, "no such message")
        return self.conversations[conversation].messages[place[1]]

    def all_messages(self):
        return [m for c in self.conversations.values() for m in c.messages.values()]

    def history(self, request, most):
        """A page, with the range that it speaks for."""
        found = self.find(request.conversation_id)
        anchor = request.WhichOneof("anchor")
        every = list(found.messages.values())
        page = pb.History(request_id=request.request_id, conversation_id=found.id,
                          total_count=sum(not m.deleted for m in every))
        if anchor == "after_sequence":
            side = [m for m in every if m.sequence > request.after_sequence]
            page.messages.extend(fitting(side[:most]))
        else:
            before = found.last_sequence + 1
            if anchor == "before_sequence":
                before = min(before, request.before_sequence)
            elif anchor == "before_message_id":
                before = self.message(found.id, request.before_message_id).sequence
            side = [m for m in every if m.sequence < before]
            page.messages.extend(reversed(fitting(side[:-most - 1:-1])))
        if not page.messages:
            return page
        page.has_more = len(page.messages) < len(side)
        if anchor == "after_sequence":
            page.from_sequence = request.after_sequence + 1
            page.to_sequence = page.messages[-1].sequence if page.has_more else found.last_sequence
        else:
            page.from_sequence = page.messages[0].sequence if page.has_more else 1
            page.to_sequence = before - 1
        return page

    def changes(self, position, subscribed, most):
        """The stretch of the log that begins there, of at most so many entries: (where it ends, its changes)."""
        told, size, end = {}, 0, position
        for entry in self.log[position - self.dropped:position - self.dropped + most]:
            message = self._told(entry, subscribed)
            if message is not None:
                told.setdefault(entry.conversation, {})[message.id] = message
                size += message.ByteSize() + 100
            else:
                told.setdefault(entry.conversation, {})
            end += 1
            if size > 300_000:
                break
        changes = []
        for conversation, messages in told.items():
            changes += [pb.Change(message=m) for m in messages.values()]
            changes.append(pb.Change(conversation=self.conversations[conversation].summary()))
        return end, changes

    def _told(self, entry, subscribed):
        """The message as it is now, if this entry is told with one and it is still kept."""
        if entry.message not in self.places or not (entry.revised or entry.conversation in subscribed):
            return None
        return self.message(entry.conversation, entry.message)

    def _revise(self, message, edited_at=None):
        message.revision += 1
        message.edited_at.FromMilliseconds(edited_at or self.clock())
        self._tell(message.conversation_id, message.id, revised=True)

    def _tell(self, conversation, message="", revised=False):
        self.log.append(Entry(conversation, message, revised))


def fitting(messages):
    """As many as a frame may hold, at least one."""
    size = 0
    for count, message in enumerate(messages):
        size += message.ByteSize() + 100
        if size > 300_000 and count > 0:
            return messages[:count]
    return messages
