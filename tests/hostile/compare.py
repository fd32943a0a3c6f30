"""Compares harkd's cache with the hostile backend's store, row by row. No I/O."""

import collections

Row = collections.namedtuple(
    "Row", "id sequence revision deleted content role content_type metadata created_at edited_at server_id")
Summary = collections.namedtuple("Summary", "title last_sequence read_sequence unread_count message_count last_activity_at")


def row(message):
    """Of a message of either protocol; they have the same names."""
    edited_at = message.edited_at.ToMilliseconds() if message.HasField("edited_at") else None
    return Row(message.id, message.sequence, message.revision, message.deleted, message.content,
               message.role if message.role in (1, 2, 3) else 0, message.content_type or "text/plain",
               tuple(sorted(message.metadata.items())), message.created_at.ToMilliseconds(), edited_at, message.server_id)


def summary(conversation):
    return Summary(conversation.title, conversation.last_sequence, conversation.read_sequence, conversation.unread_count,
                   conversation.message_count, conversation.last_activity_at.ToMilliseconds())


class Excuses:
    """What a client may not be blamed for, because only the backend forgot it. `dropped`: {conversation: below this sequence
    retention removed messages}; `forgotten`: ids of messages of which a restored copy lacks the last state; `rewound`: the
    conversations of these; `ever`: {id: (conversation, sequence) of every message that the backend ever had}; `changed`: ids of
    what was edited or deleted here: an Ack carries no time, so harkd has its own of it."""

    def __init__(self):
        self.dropped, self.forgotten, self.rewound, self.changed = collections.defaultdict(int), set(), set(), set()
        self.ever = collections.defaultdict(set)

    def see(self, library):
        for message in library.all_messages():
            self.ever[message.id].add((message.conversation_id, message.sequence))

    def restored(self, before, after):
        """The backend has gone on with an older copy of itself."""
        self.see(before)
        there = {m.id: m for m in after.all_messages()}
        for message in before.all_messages():
            copy = there.get(message.id)
            if copy is None or copy.revision < message.revision:
                self.forgotten.add(message.id)
                self.rewound.add(message.conversation_id)
        for key, conversation in before.conversations.items():
            if key not in after.conversations or after.conversations[key].summary() != conversation.summary():
                self.rewound.add(key)


def rows(conversation, cached, stored, excuses):
    """The complaints about one conversation: `cached` as harkd pages it, `stored` as the backend has it, oldest first."""
    complaints = []
    here, there = {r.id: r for r in cached}, {r.id: r for r in stored}
    if len(here) < len(cached):
        complaints.append("an id twice")
    complaints += [f"missing: {r.id} at {r.sequence}" for r in stored if r.id not in here]
    for r in cached:
        if r.id in there:
            other = there[r.id]
            if r.id in excuses.changed and r.edited_at and other.edited_at:
                other = other._replace(edited_at=r.edited_at)
            if r != other and not (r.id in excuses.forgotten and r.revision >= other.revision):
                fields = [f"{name} {a!r:.60} is {b!r:.60}" for name, a, b in zip(Row._fields, r, other) if a != b]
                complaints.append(f"different: {r.id}: " + ", ".join(fields))
        elif (conversation, r.sequence) not in excuses.ever.get(r.id, ()):
            complaints.append(f"too many: {r.id} at {r.sequence}")
        elif r.id not in excuses.forgotten and r.sequence >= excuses.dropped[conversation]:
            complaints.append(f"too many: {r.id} at {r.sequence}, which the backend has removed")
    order = [r.id for r in cached if r.id in there and r.id not in excuses.forgotten]
    if order != [r.id for r in stored if r.id in here and r.id not in excuses.forgotten]:
        complaints.append("another order")
    return [f"{conversation}: {c}" for c in complaints]


def summaries(cached, stored, excuses):
    """The complaints about the list. Both: {conversation: Summary}."""
    complaints = [f"missing: conversation {c}" for c in stored if c not in cached]
    complaints += [f"too many: conversation {c}" for c in cached if c not in stored and c not in excuses.rewound]
    for key in set(cached) & set(stored):
        a, b = cached[key], stored[key]
        if excuses.dropped[key] > 0:  # counts what is only here, too
            b = b._replace(message_count=a.message_count, unread_count=a.unread_count)
        if a != b and key not in excuses.rewound:
            fields = [f"{name} {x!r} is {y!r}" for name, x, y in zip(Summary._fields, a, b) if x != y]
            complaints.append(f"{key}: " + ", ".join(fields))
    return complaints


def counts(conversation, shown, cached):
    """The complaints about the numbers in one Summary of harkd, against all the rows that harkd has."""
    kept = [r for r in cached if not r.deleted]
    unread = [r for r in kept if r.sequence > shown.read_sequence and r.role != 1]
    return [f"{conversation}: {name} {number} of {len(some)}" for name, number, some in (
        ("message_count", shown.message_count, kept), ("unread_count", shown.unread_count, unread)) if number != len(some)]


def views(name, shown, page):
    """The complaints about the newest messages that a watcher has put together, against a page. Two messages have one
    sequence where a restored backend has given it out again: which is first is not said."""
    def in_order(some):
        return sorted(some, key=lambda r: (r.sequence or 2**63, r.id))

    lowest = max((min((r.sequence for r in some), default=0) for some in (shown, page)), default=0)
    shown, page = ([r for r in in_order(some) if r.sequence > lowest or len(some) < 2] for some in (shown, page))
    complaints = [f"{name} shows {a!r:.120} for {b!r:.120}" for a, b in zip(shown, page) if a != b]
    return complaints if len(shown) == len(page) else [f"{name} shows {len(shown)} of {len(page)}", *complaints]


def vanished(seen, cached):
    """What a page once showed and is no longer there. `seen`: {id: conversation}; `cached`: {conversation: [Row, …]}."""
    there = {r.id for conversation in cached.values() for r in conversation}
    return [f"{conversation}: vanished: {key}" for key, conversation in seen.items() if key not in there]


def holes(conversation, messages, dropped):
    """Neighbours in a page that are none: below `dropped` the backend itself has removed messages."""
    sequences = [m.sequence for m in messages if m.sequence]
    return [f"{conversation}: {a} and {b} are shown as neighbours" for a, b in zip(sequences, sequences[1:])
            if b != a + 1 and not a < b <= dropped]


def histories(libraries):
    """What judge() of the crash run wants of a store: each conversation's ids and first texts in order."""
    return {c.id: [(m.id, libraries.firsts[m.id].content) for m in c.messages.values()]
            for c in libraries.conversations.values()}
