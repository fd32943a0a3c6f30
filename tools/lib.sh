# shellcheck shell=bash
# Shared by tools/dev, tools/run-tests and tools/run-demo: timed steps, configure, build. To be sourced by bash.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
logs="$root/build/logs"
step_report=""

die() { printf '%s\n' "$*" >&2; exit 1; }

# Compilers of gRPC and Beast files take up to 2 GiB each: no more of them than the memory holds.
jobs_count() {
  local cores memory
  cores="$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)"
  memory="$(awk '/^MemAvailable:/ {print int($2 / 2097152)}' /proc/meminfo 2>/dev/null || echo "$cores")"
  if [ "$memory" -lt 1 ]; then memory=1; fi
  if [ "$memory" -lt "$cores" ]; then echo "$memory"; else echo "$cores"; fi
}

seconds_text() { printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); }

note_step() {  # NAME SECONDS CODE
  local mark=""
  if [ "$3" != 0 ]; then mark="  FAILED ($3)"; fi
  step_report+="$(printf '  %-34s %s%s' "$1" "$(seconds_text "$2")" "$mark")"$'\n'
}

# step_here NAME COMMAND…: runs the command on the terminal, since it may ask something there (a password for sudo).
step_here() {
  local name="$1" code=0 begun=$SECONDS
  shift
  printf '==> %s\n' "$name"
  "$@" || code=$?
  note_step "$name" $((SECONDS - begun)) "$code"
  return "$code"
}

# step NAME COMMAND…: runs the command with its output in build/logs, says how far it is, and how long it took. If it fails,
# shows the end of the output and returns its exit code.
step() {
  local name="$1" log code=0 begun=$SECONDS shown=$SECONDS
  shift
  mkdir -p "$logs"
  log="$logs/${name//[^A-Za-z0-9]/-}.log"
  printf '==> %s\n' "$name"
  set -m  # A process group of its own, so that an interruption ends all of it.
  "$@" >"$log" 2>&1 </dev/null &
  step_group=$!
  set +m
  while kill -0 "$step_group" 2>/dev/null; do
    sleep 0.2
    if [ $((SECONDS - shown)) -ge 20 ]; then
      shown=$SECONDS
      printf '    %s  %s\n' "$(seconds_text $((SECONDS - begun)))" "$(tail -n 1 "$log" | cut -c 1-100)"
    fi
  done
  wait "$step_group" || code=$?
  step_group=""
  note_step "$name" $((SECONDS - begun)) "$code"
  if [ "$code" != 0 ]; then
    printf '    failed with exit code %s; the end of %s:\n' "$code" "${log#"$root"/}"
    tail -n 60 "$log" | sed 's/^/    | /'
  fi
  return "$code"
}

step_group=""
stop_step() { [ -z "$step_group" ] || kill -TERM -- "-$step_group" 2>/dev/null || true; }
trap 'stop_step; exit 130' INT TERM

configure() { (cd "$root" && cmake --preset "$1" "${@:2}"); }

# build PRESET [TARGET…]
build() {
  local targets=()
  if [ $# -gt 1 ]; then targets=(--target "${@:2}"); fi
  (cd "$root" && cmake --build "build/$1" -j "$(jobs_count)" "${targets[@]}")
}

# What the sanitizers check beyond their defaults, and where their stacks get names.
sanitizer_environment() {
  export ASAN_OPTIONS="detect_stack_use_after_return=1:strict_string_checks=1:detect_leaks=1:${ASAN_OPTIONS:-}"
  export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1:${UBSAN_OPTIONS:-}"
  export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1:ignore_noninstrumented_modules=1:${TSAN_OPTIONS:-}"
  local symbolizer
  symbolizer="$(command -v llvm-symbolizer-19 || command -v llvm-symbolizer || true)"
  if [ -n "$symbolizer" ]; then
    export ASAN_SYMBOLIZER_PATH="$symbolizer" TSAN_OPTIONS="$TSAN_OPTIONS:external_symbolizer_path=$symbolizer"
  fi
}
