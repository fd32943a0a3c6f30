"""Compares what the daemon accepted with what the backend has. No I/O."""

import collections

# One accepted send: of which client, into which conversation, under which id, with which text (that of no other send).
Accepted = collections.namedtuple("Accepted", "client conversation id text")
GONE = None  # What becomes of the text of a message that was deleted or cancelled.
START = 30  # seconds until the first kill
SECONDS_PER_KILL = 2.1  # measured: 0.7 on a machine that also builds
LONGEST = 8 * 3600  # seconds; more kills than fit are several runs, each with a seed of its own
ANY = object()  # A cancel was repeated, and nobody can say whether its first attempt withdrew an edit.


def judge_changes(accepted, changed, histories):
    """`changed`: {id: what its text was last changed to, or GONE, or ANY}. Gives the ids that are (there all the same, there with
    another text), and what is left to judge() of `accepted`, with the texts that they have now."""
    there = {message: text for h in histories.values() for message, text in h}
    returned = [a.id for a in accepted if changed.get(a.id, a.text) is GONE and a.id in there]
    expected = [a._replace(text=there.get(a.id, a.text) if changed.get(a.id) is ANY else changed.get(a.id, a.text))
                for a in accepted if changed.get(a.id, a.text) is not GONE]
    wrong = [a.id for a in expected if there.get(a.id, a.text) != a.text]
    return returned, wrong, expected


def judge(accepted, histories):
    """`accepted` in the order in which each client's calls returned; `histories`: {conversation: [(id, text), …]}, oldest
    first. Gives the sends that are (lost, doubled, out of order)."""
    places = {c: {message: place for place, (message, _) in enumerate(h)} for c, h in histories.items()}
    ids = collections.Counter(message for h in histories.values() for message, _ in h)
    texts = collections.Counter(text for h in histories.values() for _, text in h)
    lost = [a for a in accepted if a.id not in places[a.conversation]]
    doubled = [a for a in accepted if ids[a.id] > 1 or texts[a.text] > 1]
    out_of_order, last = [], {}
    for a in accepted:
        place = places[a.conversation].get(a.id)
        if place is None:
            continue
        line = (a.client, a.conversation)
        if place < last.get(line, -1):
            out_of_order.append(a)
        last[line] = max(place, last.get(line, -1))
    return lost, doubled, out_of_order


def bound(trials):
    """With no failure in so many trials, the rate is below this with 95 % confidence (the rule of three)."""
    return min(1.0, 3 / trials) if trials else 1.0


def limit_for(kills):
    """Seconds that so many kills may take by default, also where others use the machine."""
    return min(START + SECONDS_PER_KILL * kills, LONGEST)


class View:
    """What a UI shows that follows a conversation: a snapshot replaces it, deltas are applied by id."""

    def __init__(self):
        self.messages = {}
        self.arrivals = 0

    def apply(self, event):
        kind = event.WhichOneof("event")
        if kind == "snapshot":
            self.messages = {}
            self._put(event.snapshot.messages)
        elif kind == "delta":
            for message in event.delta.removed:
                self.messages.pop(message, None)
            self._put(event.delta.upserted)

    def _put(self, messages):
        for message in messages:
            known = self.messages.get(message.id)
            if known is None:
                self.arrivals += 1
            self.messages[message.id] = (self.arrivals if known is None else known[0], message)

    def newest(self, count):
        """By sequence, those without one last in the order in which they came."""
        shown = sorted(self.messages.values(), key=lambda m: (m[1].sequence or 2**63, m[0]))
        return [message for _, message in shown[-count:]]
