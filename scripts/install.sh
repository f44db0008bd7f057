#!/bin/sh
# install.sh [--prefix DIR] [--unit-dir DIR] [--uninstall]: installs httplog for the whole system, as root; again, to upgrade it.
#
# Works from a built checkout and from the unpacked npm package, and from its own copy below PREFIX. A second run changes
# nothing. What it puts where (PREFIX is /usr/local):
#   PREFIX/lib/httplog                        the program with the packages it needs
#   PREFIX/bin/httplog                        the command, a link
#   PREFIX/share/man/man8/httplog.8           the manual; below PREFIX/share also completions for bash, zsh and fish
#   /etc/systemd/system/httplog@.service      the unit; --unit-dir says where else
#   /etc/sysconfig/httplog                    the configuration: HTTPLOG_U=httplog, and every other key a comment
#   /log/httplog                              the log directory, of the system user httplog
# Unit and configuration are replaced as long as nobody has edited them, else kept. --uninstall takes all of it away again but
# records and what was edited.
#
# For packagers: DESTDIR in the environment is put before every path; then no user is made and no service touched.

set -e
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
umask 022

USER_NAME=httplog
# By this a later --uninstall knows the user as ours.
USER_COMMENT='httplog, made by its install.sh'
LOG_DIRECTORY=/log/httplog
# Below PREFIX/lib/httplog: unit and configuration as they were put in place.
UNIT_AS_INSTALLED=scripts/systemd/httplog@.service.installed
CONFIGURATION_AS_INSTALLED=httplog.conf.installed
CONFIGURATION=/etc/sysconfig/httplog
# Below PREFIX/share.
SHARED='man/man8/httplog.8 bash-completion/completions/httplog zsh/site-functions/_httplog fish/vendor_completions.d/httplog.fish'

say() { echo "install.sh: $*"; }
fail() {
  say "$*" >&2
  exit 1
}
usage() {
  say 'usage: install.sh [--prefix DIR] [--unit-dir DIR] [--uninstall]' >&2
  exit 2
}
changed() {
  changes=$((changes + 1))
  say "$*"
}

# -- what to do -------------------------------------------------------------------------------------------------------

# An absolute path without a slash at its end, and without what a unit file or sed would take for its own.
absolute() {
  case $1 in
    /*) ;;
    *) fail "'$1' is not an absolute path" ;;
  esac
  case $1 in
    *[!A-Za-z0-9/._+-]*) fail "'$1': only letters, digits and / . _ + - can stand in it" ;;
  esac
  echo "${1%/}"
}

read_arguments() {
  prefix=/usr/local
  units=/etc/systemd/system
  uninstalling=
  while [ $# -gt 0 ]; do
    case $1 in
      --prefix=* | --unit-dir=*)
        option=${1%%=*}
        value=${1#*=}
        shift
        set -- "$option" "$value" "$@"
        ;;
      --prefix | --unit-dir)
        [ $# -ge 2 ] || usage
        value=$(absolute "$2") || exit
        if [ "$1" = --prefix ]; then prefix=$value; else units=$value; fi
        shift 2
        ;;
      --uninstall)
        uninstalling=yes
        shift
        ;;
      -h | --help)
        sed -n '2,/^$/s/^# \{0,1\}//p' "$self"
        exit 0
        ;;
      *) usage ;;
    esac
  done
  destination=${DESTDIR-}
  destination=${destination%/}
  library=$destination$prefix/lib/httplog
  command=$destination$prefix/bin/httplog
  unit=$destination$units/httplog@.service
  configuration=$destination$CONFIGURATION
  logs=$destination$LOG_DIRECTORY
}

# Whether services and users of the running system are concerned.
for_this_system() { [ -z "$destination" ]; }

have_systemd() { for_this_system && [ -d /run/systemd/system ] && command -v systemctl >/dev/null; }

# -- installing -------------------------------------------------------------------------------------------------------

need_node() {
  node=${NODE:-node}
  node=$(command -v "$node") || fail 'Node.js is not found: install Node.js 20.19 or newer, or name it in the environment variable NODE'
  version=$("$node" --version)
  major=${version#v} major=${major%%.*}
  minor=${version#*.} minor=${minor%%.*}
  if [ "$major" -lt 20 ] || { [ "$major" -eq 20 ] && [ "$minor" -lt 19 ]; }; then
    fail "Node.js $version is too old: install Node.js 20.19 or newer"
  fi
}

# The packages that httplog needs to run, of those in the lock file, as paths: `node_modules/NAME`, a line each; those that only
# other systems need are not there.
needed_packages() {
  lock=$root/npm-shrinkwrap.json
  [ -e "$lock" ] || lock=$root/package-lock.json
  [ -e "$lock" ] || fail "$root has no package-lock.json: it is not a complete httplog"
  # shellcheck disable=SC2016 # JavaScript's own
  "$node" -e '
    const { existsSync, readFileSync } = require("node:fs");
    const [lock, root] = process.argv.slice(1);
    for (const [path, entry] of Object.entries(JSON.parse(readFileSync(lock, "utf8")).packages)) {
      if (path === "" || entry.dev || entry.devOptional) continue;
      if (existsSync(`${root}/${path}`)) console.log(path);
      else if (!entry.optional) { console.error(`install.sh: ${root}/${path} is missing`); process.exit(1); }
    }' "$lock" "$root"
}

# Puts the packages into $stage: from those that are here, else (the unpacked npm package has none) through npm.
stage_packages() {
  if [ -d "$root/node_modules" ]; then
    packages=$(needed_packages) || fail "run npm ci --ignore-scripts in $root first"
    printf '%s\n' "$packages" | while read -r package; do
      mkdir -p "$stage/${package%/*}"
      cp -R "$root/$package" "$stage/${package%/*}/"
    done
    return
  fi
  command -v npm >/dev/null || fail "npm is not found, and $root has no node_modules: install npm, or run this in a built checkout"
  say 'npm fetches the packages that httplog needs'
  for file in npm-shrinkwrap.json package-lock.json; do
    if [ -e "$root/$file" ]; then cp "$root/$file" "$stage/"; fi
  done
  (cd "$stage" && npm ci --omit=dev --ignore-scripts --prefer-offline --no-audit --no-fund --loglevel=error >&2) ||
    fail 'npm ci failed; its message stands above'
  rm -f "$stage/npm-shrinkwrap.json" "$stage/package-lock.json" "$stage/node_modules/.package-lock.json"
}

# The unit as it is for this system: where the command is, and node where the unit's own path does not lead to it.
make_unit() {
  sed -e "s|^ExecStart=/usr/local/bin/httplog |ExecStart=$prefix/bin/httplog |" "$root/scripts/systemd/httplog@.service" >"$1"
  case $node in
    /usr/local/bin/node | /usr/bin/node | /bin/node) ;;
    *) sed -e "s|^EnvironmentFile=|Environment=NODE=$node\n&|" "$1" >"$1.new" && mv "$1.new" "$1" ;;
  esac
}

# The configuration as it is for this system: root is given up for the user who has the log directory.
make_configuration() {
  sed -e "s|^#HTTPLOG_U=.*|HTTPLOG_U=$USER_NAME|" "$root/httplog.conf" >"$1"
}

# All of PREFIX/lib/httplog, beside the one that is there.
stage_library() {
  stage=$library.new
  trap 'rm -rf "$library.new"' EXIT
  trap 'exit 1' HUP INT TERM
  rm -rf "$stage"
  mkdir -p "$stage/scripts/systemd" "$stage/bin"
  cp "$root/package.json" "$root/httplog.conf" "$root/README.md" "$root/LICENSE" "$stage/"
  cp "$root/bin/httplog" "$stage/bin/"
  cp -R "$root/lib" "$stage/"
  cp "$root/scripts/install.sh" "$root/scripts/start_httplog.sh" "$stage/scripts/"
  cp "$root/scripts/systemd/httplog@.service" "$root/scripts/systemd/proc.conf" "$stage/scripts/systemd/"
  stage_packages
  make_unit "$stage/$UNIT_AS_INSTALLED"
  make_configuration "$stage/$CONFIGURATION_AS_INSTALLED"
  chmod -R u+rwX,go+rX,go-w "$stage"
  if [ "$(id -u)" -eq 0 ]; then chown -R 0:0 "$stage"; fi
}

# Puts $stage in place of what is there, unless it is the same.
swap_library() {
  if [ -d "$library" ] && diff -r "$stage" "$library" >/dev/null 2>&1; then
    rm -rf "$stage"
    return
  fi
  if [ -d "$library" ]; then
    rm -rf "$library.old"
    mv "$library" "$library.old"
    mv "$stage" "$library"
    rm -rf "$library.old"
    changed "upgraded $library; what runs goes on with the former one until it is restarted"
  else
    mv "$stage" "$library"
    changed "installed $library"
  fi
}

# FROM TO: a file of ours, whatever is there.
put() {
  if cmp -s "$1" "$2"; then return; fi
  mkdir -p "${2%/*}"
  cp "$1" "$2.new"
  chmod 644 "$2.new"
  mv -f "$2.new" "$2"
  changed "installed $2"
}

# FROM TO FORMER: a file that may be edited. FORMER is what we put there last; FROM takes its place.
put_unless_edited() {
  if [ -e "$2" ] && ! cmp -s "$1" "$2" && ! cmp -s "$3" "$2"; then
    say "kept $2, which was edited; as it comes it is $3"
    return
  fi
  put "$1" "$2"
}

put_command() {
  target=../lib/httplog/bin/httplog
  if [ "$(readlink "$command" 2>/dev/null)" = "$target" ]; then return; fi
  mkdir -p "${command%/*}"
  ln -s "$target" "$command"
  changed "installed $command"
}

put_shared() {
  for file in $SHARED; do put "$library/lib/share/$file" "$destination$prefix/share/$file"; done
}

has_user() { getent passwd "$USER_NAME" >/dev/null 2>&1 || grep -q "^$USER_NAME:" /etc/passwd; }

put_user() {
  if ! for_this_system; then
    say "DESTDIR is set: no user $USER_NAME is made and $logs belongs to root; both are for the package's own scripts"
    return
  fi
  if has_user; then return; fi
  if command -v useradd >/dev/null; then
    useradd --system --user-group --no-create-home --home-dir / --shell /usr/sbin/nologin --comment "$USER_COMMENT" "$USER_NAME"
  else
    adduser -S -D -H -h / -s /sbin/nologin -g "$USER_COMMENT" "$USER_NAME" # busybox
  fi
  changed "made the system user $USER_NAME"
}

# One that is there stays as it is: its owner and mode may have been chosen.
put_log_directory() {
  if [ -d "$logs" ]; then
    owner=$(stat -c %U "$logs")
    if for_this_system && [ "$owner" != "$USER_NAME" ]; then
      say "kept $logs, which belongs to $owner: chown -R $USER_NAME: $logs, if httplog is to run as $USER_NAME"
    fi
    return
  fi
  mkdir -p "$logs"
  chmod 750 "$logs"
  if for_this_system; then chown "$USER_NAME:" "$logs"; fi
  changed "made $logs"
}

reload_systemd() {
  if have_systemd; then
    systemctl daemon-reload
    say 'systemd has read its units again'
  elif for_this_system; then
    say 'systemd does not run here: no daemon-reload'
  fi
}

install_all() {
  [ -e "$root/lib/src/cli/main.js" ] || fail "$root is not built: run scripts/run -v there first"
  if [ "$(readlink "$command" 2>/dev/null)" != ../lib/httplog/bin/httplog ] && { [ -e "$command" ] || [ -h "$command" ]; }; then
    fail "$command is there and not from here (npm install -g?): remove it (npm uninstall -g httplog), or choose another --prefix"
  fi
  need_node
  stage=$library
  if [ "$root" != "$(readlink -f "$library")" ]; then stage_library; fi
  # Before the former ones go, by which it shows whether somebody has edited what is in place.
  before=$changes
  put_unless_edited "$stage/$UNIT_AS_INSTALLED" "$unit" "$library/$UNIT_AS_INSTALLED"
  unit_changes=$((changes - before))
  put_unless_edited "$stage/$CONFIGURATION_AS_INSTALLED" "$configuration" "$library/$CONFIGURATION_AS_INSTALLED"
  if [ "$stage" != "$library" ]; then swap_library; fi
  put_command
  put_shared
  put_user
  put_log_directory
  case $node in
    /home/* | /root/*) say "$node is out of the unit's sight (ProtectHome): install Node.js for the whole system, or see the unit's first lines" ;;
  esac
  if [ "$unit_changes" -gt 0 ]; then reload_systemd; fi
  if [ "$changes" -eq 0 ]; then say 'nothing to do: all of it is installed already'; fi
}

# -- uninstalling -----------------------------------------------------------------------------------------------------

stop_services() {
  if have_systemd; then
    systemctl list-units --all --plain --no-legend 'httplog@*' | while read -r instance _; do
      systemctl disable --now "$instance"
      changed "stopped and disabled $instance"
    done
  fi
  if for_this_system && [ -x "$library/scripts/start_httplog.sh" ] && [ -e /run/httplog.pid ]; then "$library/scripts/start_httplog.sh" stop; fi
}

# A file or link of ours.
take() {
  if [ -e "$1" ] || [ -h "$1" ]; then
    rm -f "$1"
    changed "removed $1"
  fi
}

# FILE FORMER: a file that may be edited.
take_unless_edited() {
  [ -e "$1" ] || return 0
  if cmp -s "$1" "$2"; then take "$1"; else say "kept $1, which was edited"; fi
}

# A directory of ours with nothing in it; $1 and those above it that this leaves empty, up to $2.
take_empty() {
  at=$1
  while [ "$at" != "$2" ] && rmdir "$at" 2>/dev/null; do at=${at%/*}; done
}

take_log_directory() {
  [ -d "$logs" ] || return 0
  # The lock file is no record.
  if [ -z "$(find "$logs" -mindepth 1 ! -name .httplog.lock | head -n 1)" ]; then
    rm -f "$logs/.httplog.lock"
    take_empty "$logs" "$destination"
    changed "removed $logs"
  else
    say "kept $logs: the records"
  fi
}

take_user() {
  if ! for_this_system || ! has_user; then return; fi
  if [ -d "$logs" ]; then
    say "kept the system user $USER_NAME, for its records"
    return
  fi
  case $(getent passwd "$USER_NAME" || grep "^$USER_NAME:" /etc/passwd) in
    *":$USER_COMMENT:"*) ;;
    *)
      say "kept the user $USER_NAME, which is not of our making"
      return
      ;;
  esac
  if command -v userdel >/dev/null; then userdel "$USER_NAME"; else deluser "$USER_NAME"; fi
  changed "removed the system user $USER_NAME"
}

uninstall_all() {
  stop_services
  before=$changes
  take_unless_edited "$unit" "$library/$UNIT_AS_INSTALLED"
  if [ "$changes" -gt "$before" ]; then reload_systemd; fi
  take_unless_edited "$configuration" "$library/$CONFIGURATION_AS_INSTALLED"
  take_empty "${configuration%/*}" "$destination/etc"
  if [ "$(readlink "$command" 2>/dev/null)" = ../lib/httplog/bin/httplog ]; then take "$command"; fi
  for file in $SHARED; do take "$destination$prefix/share/$file"; done
  take_log_directory
  take_user
  if [ -d "$library" ]; then
    rm -rf "$library"
    changed "removed $library"
  fi
  if [ "$changes" -eq 0 ]; then say 'nothing to do: nothing of it is installed'; fi
}

self=$(readlink -f -- "$0")
root=${self%/scripts/*}
changes=0
read_arguments "$@"
if for_this_system && [ "$(id -u)" -ne 0 ]; then fail 'run this as root (sudo), or with DESTDIR in the environment'; fi
if [ -n "$uninstalling" ]; then uninstall_all; else install_all; fi
exit
