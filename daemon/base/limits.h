// Every bound in the daemon, each with the reason for its value (DESIGN §10, guarantee G7).

#ifndef HARK_DAEMON_BASE_LIMITS_H_
#define HARK_DAEMON_BASE_LIMITS_H_

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace hark::limits {

// Content of one message, in UTF-8 bytes: a long letter. Four of them fit a wire frame with JSON
// escapes.
inline constexpr std::size_t kContentBytes = std::size_t{64} * 1024;
// Metadata of one message, names and values together.
inline constexpr std::size_t kMetadataBytes = std::size_t{4} * 1024;
inline constexpr std::size_t kMetadataEntries = 32;
// Ids of conversations and messages; a UUID has 36.
inline constexpr std::size_t kIdBytes = 128;
// A title longer than this is cut when it arrives: it is shown in one line.
inline constexpr std::size_t kTitleBytes = 1024;
// Characters of a preview in the conversation list.
inline constexpr std::size_t kPreviewCharacters = 200;

// Items of one page: more than a screen, less than a local request.
inline constexpr std::uint32_t kPageSize = 200;
inline constexpr std::uint32_t kDefaultPageSize = 50;

// One request or answer on the local socket: a full page of full messages does not fit on purpose;
// pages are cut.
inline constexpr std::size_t kLocalMessageBytes = std::size_t{4} * 1024 * 1024;
// One WebSocket message after inflation, and the depth of its JSON.
inline constexpr std::size_t kFrameBytes = std::size_t{1024} * 1024;
inline constexpr int kJsonDepth = 64;
// Frames of the backend: far above what a first sync of a million messages brings (5,000 in all).
// More wait in the socket, so that a flood costs a part of one core and no memory.
inline constexpr std::size_t kFramesAtOnce = 20'000;
inline constexpr std::size_t kFramesPerSecond = 10'000;
// WebSocket's own pings and pongs, which are answered below the engine: one in half a minute is
// usual. Full: the session ends.
inline constexpr std::size_t kControlFramesAtOnce = 100;
inline constexpr std::size_t kControlFramesPerSecond = 10;
// What a proxy says before it lets us through, and what its settings may be: a few headers, a long
// list of hosts. Full: the attempt fails.
inline constexpr std::size_t kProxyAnswerBytes = std::size_t{8} * 1024;
inline constexpr std::size_t kProxySettingBytes = std::size_t{8} * 1024;
// Pinned keys: the present one, the next one, and spares. Full: a mistake in the settings.
inline constexpr std::size_t kPins = 16;

// Sends, edits and markers not yet acknowledged: years of a person offline. Full: the send is
// refused, not dropped.
inline constexpr std::size_t kOutboxEntries = 10'000;

// How long an unsent message is tried by itself, unless configured: after a week, a person no
// longer expects it to leave.
inline constexpr std::chrono::hours kOutboxAge{24 * 7};

// Streams of local clients, and what may wait in each before it is told to resync: with what gRPC
// and the allocator add, a client that does not read costs less than 512 KiB.
inline constexpr std::size_t kLocalStreams = 1'000;
inline constexpr std::size_t kStreamQueueEvents = 512;
inline constexpr std::size_t kStreamQueueBytes = std::size_t{384} * 1024;

// Connections of local clients, in all and of one process: one for each stream that there may be,
// and room that no single process can take. Full: the newcomer is told so (GOAWAY) and closed.
inline constexpr std::size_t kLocalConnections = 1'536;
inline constexpr std::size_t kConnectionsPerProcess = 1'024;
// Headers of one call: its name, a deadline, and a client's own. Full: the call is refused
// (RESOURCE_EXHAUSTED).
inline constexpr std::size_t kCallHeaderBytes = std::size_t{8} * 1024;

// Memory that may stay with the process after a burst; above that, what is free goes back to the
// system.
inline constexpr std::size_t kKeptMemoryBytes = std::size_t{16} * 1024 * 1024;
// Resident memory of the daemon: far above what a thousand clients need. gRPC 1.51 keeps a header
// block of any size until it ends. Full: every local connection is closed; clients come back and
// resume.
inline constexpr std::size_t kMemoryBytes = std::size_t{1024} * 1024 * 1024;

// Between two texts of one message while it is being produced: as smooth as anyone reads.
inline constexpr std::chrono::milliseconds kPartialInterval{34};

// The change log, for streams that resume: how far back it goes in time and bytes. Who stands
// before that gets a snapshot.
inline constexpr std::chrono::hours kLogAge{24};
inline constexpr std::size_t kLogBytes = std::size_t{16} * 1024 * 1024;
// A commit that changes more things, as in an initial sync, forgets the log instead: whoever was
// away then reads again.
inline constexpr std::size_t kLoggedThings = 1'000;

// Jobs waiting for the store's writer; at the limit a job is refused. One group commit takes at
// most this many together.
inline constexpr std::size_t kWriterQueue = 4'096;
inline constexpr std::size_t kWriterGroup = 256;
// Of these, places for what the sync engine stores, which has fewer batches under way
// (kBatchesBehind): refused at once, a batch would be answered before those that wait before it.
inline constexpr std::size_t kWriterReserve = 512;

// The WAL is checkpointed at this size.
inline constexpr std::size_t kWalBytes = std::size_t{16} * 1024 * 1024;

// History requests under way in a sync: enough to hide a round trip of 100 ms. A backend that takes
// fewer says so.
inline constexpr std::size_t kHistoryInFlight = 64;
// Messages of history that the background has under way at most, from the request to the commit.
// The writer commits together what waits, about half of them: large groups cost less a message, and
// keep a live message waiting.
inline constexpr std::uint64_t kHistoryUnderWay = 6'000;
// Batches that wait for the writer or are being written before no more history is asked for: with
// the requests under way they stay below what stops the receiving (kBatchesBehind).
inline constexpr std::size_t kHistoryWaiting = 192;
// Batches of the sync engine, and their bytes, that wait for the writer before nothing more is
// received; it goes on at half of both. The rest stays with the backend.
inline constexpr std::size_t kBatchesBehind = 384;
inline constexpr std::size_t kBytesBehind = std::size_t{32} * 1024 * 1024;
// Requests kept free of background history, for what a person waits for.
inline constexpr std::size_t kReservedInFlight = 2;
// Sends under way, at most one a conversation.
inline constexpr std::size_t kSendsInFlight = 16;
// Sends that wait behind one on its way and are stored as left already (store/marks_ahead.h); each
// commit copies the list. Full: the next one is marked when it leaves, which costs it a second
// sync.
inline constexpr std::size_t kMarkedAhead = 32;
// Frames waiting to be written to the backend.
inline constexpr std::size_t kOutgoingFrames = 256;

// Conversations that are active at once; the least recently opened one is let go.
inline constexpr std::size_t kActiveConversations = 200;
// Of these, the ones subscribed to on every connection, before anything happens in them: with 36
// bytes an id, 20 keep an idle reconnect under 2 KB. The others follow with their first change.
inline constexpr std::size_t kSubscribeAtOnce = 20;
// How long a conversation stays active after it was last opened.
inline constexpr std::chrono::hours kActiveFor{6};

// Backoff between connection attempts: full jitter up to a doubling ceiling.
inline constexpr std::chrono::milliseconds kBackoffFirst{500};
inline constexpr std::chrono::milliseconds kBackoffCap{60'000};
// The longest that a backend keeps us away at once; what it asks for beyond that is a mistake.
inline constexpr std::chrono::milliseconds kRetryAfterMost{60 * 60'000};
// Over how long daemons that nobody is using come back after a session: a thousand that one restart
// dropped are then 200 connects a second.
inline constexpr std::chrono::milliseconds kReturnWindow{5'000};

// A search. Of the query: bytes, and words and phrases; each of them reads a list of the index.
inline constexpr std::size_t kSearchQueryBytes = 1'024;
inline constexpr std::size_t kSearchTerms = 16;
// Words of the index in all terms together; a character of Chinese or Japanese is one.
inline constexpr std::size_t kSearchWords = 64;
// Before a *: the words that begin with one letter are most of the index.
inline constexpr std::size_t kSearchPrefixCharacters = 2;
// Results of one page: each has its message read and its snippet made.
inline constexpr std::uint32_t kSearchPageSize = 100;
inline constexpr std::uint32_t kDefaultSearchPageSize = 20;
// Messages that are ranked together, the newest that match; older ones follow as another group.
// Each is read: 400 are a few milliseconds, and more than a person looks through.
inline constexpr std::size_t kSearchRanked = 400;
// Of each, this much decides its rank: reading all of a long letter would not change much.
inline constexpr std::size_t kSearchRankedBytes = 4'096;
// Matches whose keys are simply all taken, in a few milliseconds; of more than these, only those in
// the blocks with the newest messages.
inline constexpr std::size_t kSearchProbe = 4'000;
// Of a snippet: two lines of a list.
inline constexpr std::size_t kSnippetCharacters = 160;
// What was written here and is not at the backend, newest first, as far as a search looks at it.
inline constexpr std::size_t kSearchPending = 500;
// Searches that run at once, each on a thread and a connection of its own, so that no page ever
// waits for one; and those that wait for that. Full: the search is refused.
inline constexpr std::size_t kSearchesAtOnce = 2;
inline constexpr std::size_t kSearchQueue = 32;
// How long one may take from its start: far more than any measured, less than a person waits.
inline constexpr std::chrono::milliseconds kSearchTime{5'000};

// One draft: what becomes a message has to fit into one.
inline constexpr std::size_t kDraftBytes = kContentBytes;
// Drafts with a text, and their texts together: what a person leaves half written in years, and
// little enough for all of it to be in memory and in one answer or snapshot. Full: the change is
// refused, and the draft stays as it was.
inline constexpr std::size_t kDrafts = 1'000;
inline constexpr std::size_t kAllDraftsBytes = std::size_t{2} * 1024 * 1024;
// Drafts that were cleared and are remembered, so that a window that did not see it does not bring
// the text back. Full: the one that was cleared first is forgotten.
inline constexpr std::size_t kClearedDrafts = 1'000;
// Scroll positions: windows of several UIs in every conversation of a person. Full: the one that
// was set first is forgotten. As many may wait to be written; full then: refused.
inline constexpr std::size_t kViewStates = 5'000;
inline constexpr std::size_t kUiNameBytes = 64;
// Of the 500 ms that a crash may cost, after which changes of drafts and positions are given to the
// writer; the rest is for the disk.
inline constexpr std::chrono::milliseconds kSaveAfter{250};
// When that failed: again after so long, as long as it fails.
inline constexpr std::chrono::milliseconds kSaveAgainAfter{5'000};

// One piece of an export or a backup, as it goes over the local socket: large enough that a
// gigabyte is a few thousand of them, small enough for a stream's share of memory. A single message
// may be more.
inline constexpr std::size_t kExportPartBytes = std::size_t{256} * 1024;
// Exports, backups and restores: how many copy at once, each on a thread of its own, and how many
// are open, each with a copy of the cache on the disk, at the pace of its client. Full: it is
// refused.
inline constexpr std::size_t kArchivesAtOnce = 2;
inline constexpr std::size_t kArchiveCalls = 8;
// What a client may give as passphrase of a backup.
inline constexpr std::size_t kPassphraseMinBytes = 8;
inline constexpr std::size_t kPassphraseBytes = 1'024;

// The key ring: accounts whose keys it holds, which no machine of a person has; one small secret in
// it (a token is at most 4 KiB); and the file with all of it as text. Full: the sign-in is refused.
inline constexpr std::size_t kKeyAccounts = 100;
inline constexpr std::size_t kKeySecretBytes = std::size_t{64} * 1024;
inline constexpr std::size_t kKeyRingBytes = std::size_t{512} * 1024;
// Keys of one key file: of a few installations, two of each during a rotation. Full: refused.
inline constexpr std::size_t kKeysInFile = 16;
// A credential: from the size of a key to that of a text file. Anything else is none.
inline constexpr std::size_t kCredentialBytes = 4'096;
// How long one call of a key store may take: starting its service takes a second. After that the
// state is LOCKED, and it is tried again.
inline constexpr std::chrono::milliseconds kKeyStoreCall{5'000};
// Of that, as long as the start waits for a service of the desktop before clients are served; they
// then hear LOCKED.
inline constexpr std::chrono::milliseconds kKeyStoreAtStart{150};
// While the keys are not there they are looked for again, after so long and then more rarely: a
// look at a file, or one call over D-Bus.
inline constexpr std::chrono::milliseconds kKeyRetryFirst{500};
inline constexpr std::chrono::milliseconds kKeyRetryCap{10'000};
// Clients that wait for one look at the keys. Full: refused.
inline constexpr std::size_t kKeyLooks = 64;

}  // namespace hark::limits

#endif  // HARK_DAEMON_BASE_LIMITS_H_
