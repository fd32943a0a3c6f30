"""What a manual page tells that --help does not: never an option, so that the two cannot contradict each other."""

PAGES = {
    "harkd": {
        "purpose": "keep a person's conversations at hand",
        "description": [
            "harkd is a daemon of one user. It owns an encrypted local copy of the user's conversations, keeps it in step with a "
            "backend over WebSocket, and serves programs of the same user over gRPC on a Unix socket. They read at once, with or "
            "without a network; what they send is on the disk before the call returns, and at the backend exactly once.",
            "Usually it is a service: hark service install. SIGTERM and SIGINT end it within two seconds with everything durable. "
            "SIGHUP has it read its configuration again: it takes over [retention] and [log] level, and names in its log what needs "
            "a restart.",
        ],
        "sections": [
            ("FILES", [
                ("$XDG_CONFIG_HOME/hark/harkd.toml", "The configuration; else ~/.config/hark/harkd.toml."),
                ("$XDG_DATA_HOME/hark/", "The encrypted files, and in keyring their keys, encrypted under a master key; else "
                                         "~/.local/share/hark/. The master key is in the desktop's key store, in a credential or in "
                                         "keys/master.key: without it nothing can be read. hark admin recovery-code makes a code for "
                                         "when it is lost."),
                ("$XDG_RUNTIME_DIR/hark/harkd.sock", "The socket; without that variable, ${TMPDIR:-/tmp}/hark-UID/harkd.sock."),
            ]),
            ("ENVIRONMENT", [
                ("DBUS_SESSION_BUS_ADDRESS", "The session bus, by which the desktop's key store is asked; else $XDG_RUNTIME_DIR/bus."),
                ("CREDENTIALS_DIRECTORY", "As systemd sets it: the file hark.key in it is a master key (LoadCredential=)."),
                ("NOTIFY_SOCKET, WATCHDOG_USEC, LISTEN_FDS, JOURNAL_STREAM",
                 "As systemd sets them: harkd tells when it is ready, feeds the watchdog when its event loop and its writer have both "
                 "got on, takes the socket over, and writes its log to the journal with fields (journalctl HARK_EVENT=ready)."),
            ]),
        ],
        "see": "hark(1), systemctl(1), journalctl(1)",
    },
    "hark": {
        "purpose": "look at conversations, send and follow them",
        "description": [
            "hark is the command line client of harkd. It shows what the daemon keeps, sends, and follows; it installs the daemon as a "
            "service of the user's, finds out what is wrong when something is, and looks after keys, backups and the local copy.",
            "Text is for people: tables are aligned and cut to the terminal, times are local, and what could drive a terminal is "
            "written out. With --json each line is one object with stable names. Global options may also come after the command.",
        ],
        "sections": [
            ("ENVIRONMENT", [
                ("HARK_SOCKET", "The daemon's socket."),
                ("NO_COLOR", "If set, no colours."),
            ]),
        ],
        "see": "harkd(1), hark-backend(1)",
    },
    "hark-backend": {
        "purpose": "a backend for Hark on one machine",
        "description": [
            "hark-backend keeps conversations of several users and serves them to harkd over WebSocket, and their history over HTTP. "
            "It is meant for development, for tests, and for one machine.",
        ],
        "sections": [],
        "see": "harkd(1), hark(1)",
    },
}
