#!/bin/sh
# A person on a clean system with the packages: from sign-in to uninstall. Started by booted.py, in a session of the person's
# own; ends at the first thing that is not as it should be.
set -eu

say() { printf '  %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }
expect() {  # WHAT EXPECTED GOT
  [ "$2" = "$3" ] || fail "$1: expected '$2', got '$3'"
}
contains() {  # WHAT WORDS TEXT
  case "$3" in *"$2"*) ;; *) fail "$1: '$2' is not in: $3" ;; esac
}

cd "$HOME"
say "a backend with a user and two conversations"
hark-backend user add ada --data backend
hark-backend token create ada --data backend >token
printf '%s\n' '{"conversation_id":"garden","title":"Garden","messages":[{"role":"user","content":"When do tulips come?"},{"role":"assistant","content":"In April."}]}' \
  '{"conversation_id":"kitchen","title":"Kitchen","messages":[{"role":"user","content":"Bread?"}]}' >import.jsonl
hark-backend import import.jsonl --data backend --user ada --days 10 >/dev/null
mkfifo told
hark-backend serve --data backend --listen 127.0.0.1:0 --responder echo >told 2>backend.log &
backend=$!
trap 'kill $backend' EXIT
read -r _ _ where <told
mkdir -p .config/hark
printf '[backend]\nurl = "ws://%s/api/v1/sync"\n' "$where" >.config/hark/harkd.toml

say "hark service install: the package's own units"
hark service install
expect "the unit" /usr/lib/systemd/user/harkd.service "$(systemctl --user show -p FragmentPath --value harkd.service)"
expect "the state" active "$(systemctl --user is-active harkd.service)"
[ ! -e .config/systemd/user/harkd.service ] || fail "a unit was written beside the package's"

say "sign-in, and everything is there"
hark sign-in --token-stdin <token >/dev/null
hark status --until-live --timeout 30 >/dev/null
contains "the list" Garden "$(hark conversations)"
contains "the page" "In April." "$(hark messages garden --timeout 30)"

say "a message goes to the backend and its answer comes back"
hark send garden "Thank you" >/dev/null
contains "the tail" "Thank you" "$(hark tail garden --count 1 --timeout 30)"
contains "the search" tulips "$(hark search tulips)"

say "hark doctor, hark stats, hark service logs"
code=0
hark doctor --bundle report.txt >doctor.txt || code=$?
case "$code" in 0 | 10) ;; *) cat doctor.txt; fail "hark doctor ended with $code" ;; esac
contains "the bundle" "== Findings" "$(cat report.txt)"
contains "the statistics" "# EOF" "$(hark stats --openmetrics)"
contains "the log" ready "$(hark service logs)"
expect "SQLCipher is linked in" "" "$(grep -l libsqlcipher /proc/*/maps 2>/dev/null || true)"
contains "its version" '"cipher_version":"4.' "$(hark version --json)"

say "kill -9: it is there again"
before="$(systemctl --user show -p MainPID --value harkd.service)"
kill -9 "$before"
hark messages garden --connect-timeout 30 >/dev/null
hark status --connect-timeout 30 >/dev/null

say "hark service uninstall: the data stays"
hark service uninstall
expect "the state" inactive "$(systemctl --user is-active harkd.service || true)"
[ -n "$(find .local/share/hark -name cache.db)" ] || fail "the data is gone"
[ ! -e "$XDG_RUNTIME_DIR/hark/harkd.sock" ] || fail "the socket is still there"
say "done"
