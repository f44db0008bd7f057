#!/bin/sh
### BEGIN INIT INFO
# Provides:          httplog
# Required-Start:    $local_fs $network
# Required-Stop:     $local_fs
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: passive HTTP capture
### END INIT INFO
#
# start_httplog.sh start [httplog options] | stop | status | restart [httplog options] | force-reload
#
# Runs httplog in the background where there is no systemd (with systemd: scripts/systemd/httplog@.service). Works as
# it is, through a link such as /etc/init.d/httplog, and with dash or busybox.
# Exit codes are those of the Linux Standard Base: 0 done, or already so; 1 failed; 2 usage; 4 not permitted;
# 5 not installed; 6 not configured; 7 not running. status: 0 running, 1 dead with a PID file, 3 not running, 4 unknown.
#
# Settings come from the environment, then from /etc/sysconfig/httplog, or httplog.conf of the project where that is
# not there. Keys that begin with HTTPLOG_ in that file are httplog's own; these are read here:
#   PIDFILE       PID file, first line the PID, second its start time             /run/httplog.pid
#   LOGFILE       operational log: what httplog writes to standard error          /var/log/httplog.log
#   NODE          the Node.js program                                             node
#   OPTIONS       options for httplog, split at blanks                            none
#   STOP_SECONDS  from SIGTERM to SIGKILL                                         15

PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH

self=$(readlink -f -- "$0")
ROOT=${self%/scripts/*}
HTTPLOG=$ROOT/bin/httplog
# httplog writes this once every interface is open.
READY='httplog\(\[[0-9]*\] info\)\{0,1\}: ready'
READY_SECONDS=10
LOCK_SECONDS=60

say() { echo "start_httplog.sh: $*"; }
die() { # EXIT-CODE TEXT
  code=$1
  shift
  say "$*" >&2
  exit "$code"
}
# Tenths of a second, where sleep knows them.
nap() { sleep 0.1 2>/dev/null || sleep 1; }

# -- settings ---------------------------------------------------------------------------------------------------------

# The configuration file is run as shell code, so as root it must be nobody else's to write.
find_configuration() {
  CONF=/etc/sysconfig/httplog
  [ -e "$CONF" ] || CONF=$ROOT/httplog.conf
  if [ ! -e "$CONF" ]; then
    CONF=
    return
  fi
  [ -r "$CONF" ] || die 4 "cannot read $CONF: run this as root (sudo)"
  owner=$(stat -L -c %u -- "$CONF") && mode=$(stat -L -c %a -- "$CONF") || exit 6
  if [ "$owner" != 0 ] && [ "$owner" != "$(id -u)" ]; then
    die 6 "$CONF belongs to user $owner: it must belong to root or to the user who runs this (chown root $CONF)"
  fi
  # The write bits of group and others in the last two octal digits.
  case $mode in
    *[2367]? | *[2367]) die 6 "$CONF can be written by others: chmod go-w $CONF" ;;
  esac
  # In a subshell, as a file with a syntax error ends the shell that reads it.
  # shellcheck disable=SC1090 # known at run time only
  ( . "$CONF" ) >/dev/null || die 6 "$CONF is not valid shell, see the message above"
}

# setting NAME DEFAULT: the value of NAME. The file is read in a subshell, so that its HTTPLOG_ keys stay out of the
# environment, where they would outrank the file they came from.
setting() {
  eval "value=\${$1-}"
  if [ -z "$value" ] && [ -n "$CONF" ]; then
    # shellcheck disable=SC1090,SC2034 # known at run time only; read through eval
    value=$(. "$CONF" >/dev/null; eval "printf %s \"\${$1-}\"")
  fi
  printf %s "${value:-$2}"
}

read_settings() {
  find_configuration
  PIDFILE=$(setting PIDFILE /run/httplog.pid)
  LOGFILE=$(setting LOGFILE /var/log/httplog.log)
  NODE=$(setting NODE node)
  OPTIONS=$(setting OPTIONS '')
  STOP_SECONDS=$(setting STOP_SECONDS 15)
  case $STOP_SECONDS in
    '' | *[!0-9]*) die 6 "STOP_SECONDS=$STOP_SECONDS is not a number of seconds" ;;
  esac
  export NODE
}

# -- the process ------------------------------------------------------------------------------------------------------

# Start time of process $1 in clock ticks since boot, field 22 of its stat; nothing when it is gone or a zombie. The
# second field, the program's name, may hold blanks and brackets: what counts begins after the last bracket.
start_time() {
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  stat=${stat##*) }
  # shellcheck disable=SC2086 # fields
  set -- $stat
  case $1 in Z | X) return 1 ;; esac
  echo "${20}"
}

# Sets pid to the process of the PID file when that is the one we started: a PID alone may be anybody's by now.
running() {
  pid=''
  started=''
  { { read -r pid; read -r started; } <"$PIDFILE"; } 2>/dev/null
  case $pid in '' | *[!0-9]*) return 1 ;; esac
  [ -n "$started" ] && [ "$(start_time "$pid")" = "$started" ] || return 1
  case $(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") in
    *httplog* | */src/cli/main.js*) return 0 ;;
    *) return 1 ;;
  esac
}

# Sends $1 to the process that running() found.
signal() {
  kill -s "$1" "$pid" 2>/dev/null && return
  if running; then die 4 "not permitted to signal httplog (PID $pid): run this as root (sudo)"; fi
}

# As root: whoever may write to the directory of $2 could plant a link there, and have us write, or signal, what he likes.
guard() { # SETTING FILE
  [ "$(id -u)" = 0 ] || return 0
  place=$(dirname -- "$2")
  owner=$(stat -L -c %u -- "$place" 2>/dev/null) && mode=$(stat -L -c %a -- "$place") || return 0
  if [ "$owner" != 0 ] && [ "$owner" != "${SUDO_UID:-0}" ]; then
    die 6 "$1=$2: $place belongs to user $owner, who could make root write elsewhere: choose another directory"
  fi
  case $mode in
    *[2367]) die 6 "$1=$2: $place can be written by everybody, who could make root write elsewhere: choose another directory" ;;
  esac
}

# One start, stop or reload at a time. The lock goes with the process that holds it, where flock is known; else it is a
# directory that is removed at the end. (The trial write stands in a subshell: a redirection of `:` that fails would end
# this shell. busybox's flock knows no time-out.)
lock() {
  guard PIDFILE "$PIDFILE"
  guard LOGFILE "$LOGFILE"
  file=$PIDFILE.lock
  ( : >>"$file" ) 2>/dev/null || die 4 "cannot write $file: run this as root (sudo), or set PIDFILE"
  if command -v flock >/dev/null; then
    exec 9>>"$file"
    take() { flock -n 9; }
    advice=
  else
    take() { mkdir "$file.d" 2>/dev/null; }
    advice="; if none is, remove $file.d"
  fi
  tries=$((LOCK_SECONDS * 10))
  until take; do
    [ "$tries" -gt 0 ] || die 1 "another start or stop is under way for over $LOCK_SECONDS s$advice"
    tries=$((tries - 1))
    nap
  done
  if [ -n "$advice" ]; then
    trap 'rmdir "$file.d"' EXIT
    trap 'exit 1' HUP INT TERM
  fi
}

# -- commands ---------------------------------------------------------------------------------------------------------

# What httplog has written to its log since it was started.
fresh_log() { tail -c "+$((logged + 1))" "$LOGFILE"; }

# Ends a start that failed: with what httplog itself said, and the exit code that fits httplog's.
start_failed() {
  wait "$child"
  code=$?
  rm -f "$PIDFILE"
  say "httplog did not start (exit code $code); $LOGFILE says:" >&2
  fresh_log | tail -n 5 >&2
  [ "$code" -eq 2 ] && exit 6
  exit 1
}

# Waits until httplog is ready, or has lived long enough to be taken for well.
await_ready() {
  tries=$((READY_SECONDS * 10))
  while [ "$tries" -gt 0 ]; do
    start_time "$child" >/dev/null || start_failed
    if fresh_log | grep -q "$READY"; then return; fi
    tries=$((tries - 1))
    nap
  done
  say "httplog runs, but is not ready after $READY_SECONDS s: see $LOGFILE"
}

start() {
  if running; then
    say "httplog is already running (PID $pid)"
    return
  fi
  [ -x "$HTTPLOG" ] || die 5 "$HTTPLOG is missing: $ROOT is not a complete httplog"
  command -v "$NODE" >/dev/null || die 5 "$NODE is not found: install Node.js 20.19 or newer, or set NODE"
  [ -e "$ROOT/lib/src/cli/main.js" ] || [ -e "$ROOT/dist/src/cli/main.js" ] || die 5 "$ROOT is not built: run npm ci && npm run build in $ROOT"
  umask 027
  ( : >>"$LOGFILE" ) 2>/dev/null || die 4 "cannot write $LOGFILE: run this as root (sudo), or set LOGFILE"
  ( : >"$PIDFILE.new" ) 2>/dev/null || die 4 "cannot write $PIDFILE.new: run this as root (sudo), or set PIDFILE"
  logged=$(wc -c <"$LOGFILE")

  case " $OPTIONS $*" in
    *' -conf'* | *' --conf'*) ;;
    *) if [ -n "$CONF" ]; then set -- -conf "$CONF" "$@"; fi ;;
  esac
  # In a session of its own it has no terminal to be hung up with. A script without job control starts its children in
  # its own process group, so setsid need not fork, and $! is httplog itself. The lock is not for it to hold.
  # shellcheck disable=SC2086 # OPTIONS is split at blanks, as documented
  { set -f; exec setsid "$HTTPLOG" $OPTIONS "$@"; } </dev/null >>"$LOGFILE" 2>&1 9>&- &
  child=$!
  { echo "$child"; start_time "$child"; } >"$PIDFILE.new"
  if ! { chmod 644 "$PIDFILE.new" && mv -f "$PIDFILE.new" "$PIDFILE"; }; then
    kill -s TERM "$child"
    die 1 "cannot write $PIDFILE"
  fi
  await_ready
  say "httplog is running (PID $child)"
}

stop() {
  if ! running; then
    say 'httplog is not running'
    rm -f "$PIDFILE"
    return
  fi
  signal TERM
  tries=$((STOP_SECONDS * 10))
  while running; do
    if [ "$tries" -eq 0 ]; then
      say "httplog (PID $pid) did not end within $STOP_SECONDS s: killing it" >&2
      signal KILL
    fi
    [ "$tries" -gt -50 ] || die 1 "httplog (PID $pid) cannot be killed"
    tries=$((tries - 1))
    nap
  done
  rm -f "$PIDFILE"
  say 'httplog is stopped'
}

status() {
  if running; then
    say "httplog is running (PID $pid)"
    return 0
  fi
  if [ ! -e "$PIDFILE" ]; then
    say 'httplog is not running'
    return 3
  fi
  if [ ! -r "$PIDFILE" ]; then
    say "cannot read $PIDFILE: run this as root (sudo)"
    return 4
  fi
  say "httplog is dead, but $PIDFILE exists"
  return 1
}

reload() {
  running || die 7 'httplog is not running'
  signal HUP
  say "httplog (PID $pid) reopens its files"
}

usage() { die 2 'usage: start_httplog.sh start [httplog options] | stop | status | restart [httplog options] | force-reload'; }

command=${1-}
[ $# -eq 0 ] || shift
case $command in
  start | restart) ;;
  stop | status | force-reload) [ $# -eq 0 ] || usage ;;
  *) usage ;;
esac
read_settings
case $command in
  start) lock && start "$@" ;;
  stop) lock && stop ;;
  restart) lock && stop && start "$@" ;;
  force-reload) lock && reload ;;
  status) status ;;
esac
