# shellcheck shell=sh
# What scripts/run and scripts/test share; sourced by them with the working directory at the project's root.
# Everything said here goes to standard error, and nothing is said when nothing is to do.

# What makes a command run as root: nothing, or sudo.
as_root=
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

say() { echo "$0: $*" >&2; }
fail() { say "$*"; exit 1; }

# Node and npm, by one line that says what to do.
need_node() {
  command -v node >/dev/null || fail 'Node.js is not found: install Node.js 20.19 or newer (with npm)'
  version=$(node --version)
  major=${version#v} major=${major%%.*}
  minor=${version#*.} minor=${minor%%.*}
  if [ "$major" -lt 20 ] || { [ "$major" -eq 20 ] && [ "$minor" -lt 19 ]; }; then
    fail "Node.js $version is too old: install Node.js 20.19 or newer"
  fi
}

have_libpcap() {
  for library in /usr/lib/libpcap.so* /usr/lib/*/libpcap.so* /usr/lib64/libpcap.so* /lib/*/libpcap.so* /usr/local/lib/libpcap.so*; do
    if [ -e "$library" ]; then return 0; fi
  done
  return 1
}

# Installs the Debian packages given, through $as_root. No service is started by it, and no
# question asked.
apt_install() {
  say "installing $*"
  policy=/usr/sbin/policy-rc.d
  if [ -e "$policy" ]; then policy=; else
    # invoke-rc.d asks this file whether a package may start its service; 101 is no.
    printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
    $as_root chmod 755 "$policy"
    # shellcheck disable=SC2064 # the values of now
    trap "$as_root rm -f '$policy'" EXIT
    trap 'exit 1' HUP INT TERM
  fi
  status=0
  {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y update &&
      $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends "$@"
  } </dev/null >&2 || status=$?
  if [ -n "$policy" ]; then
    $as_root rm -f "$policy"
    trap - EXIT HUP INT TERM
  fi
  return "$status"
}

# Whether node_modules is what package-lock.json says: npm writes its own copy of the lock last.
modules_fresh() {
  # shellcheck disable=SC3013 # -nt is POSIX since 2024; dash and busybox have always had it
  [ -e node_modules/.package-lock.json ] && ! [ package-lock.json -nt node_modules/.package-lock.json ]
}

install_modules() {
  if modules_fresh; then return 0; fi
  command -v npm >/dev/null || fail 'npm is not found: it comes with Node.js; on Debian the package is npm'
  say 'installing the npm packages of package-lock.json'
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
}

# Whether dist is newer than everything it is built from. A folder counts too: its time changes when a file goes.
build_fresh() {
  [ -e dist/.built ] &&
    [ -z "$(find src workers test bench scripts package.json tsconfig.json node_modules/.package-lock.json -newer dist/.built -print 2>/dev/null | head -n 1)" ]
}

# Compiles everything, tests too (the compiler is the type-check), and removes what the compiler no longer writes.
build() {
  mkdir -p dist || return
  rm -f dist/.built
  # The stamp carries the time before the compiler read anything: what is edited meanwhile counts as newer.
  touch dist/.building
  node_modules/.bin/tsc -p . >&2 || return
  bundle || return
  find dist -name '*.js' ! -newer dist/.building -delete
  mv dist/.building dist/.built
}

# Joins the program's modules into one file for each thread, which are what runs: loading some hundred small modules takes longer
# than Node's own start (docs/decisions/bundle.md). CommonJS, because Node loads that without its asynchronous loader; the command
# stays as deep as in dist, because its modules find the workers and package.json by the way from there.
bundle() {
  rm -rf lib
  set -- src/cli/main=dist/src/cli/load_compiled.js src/cli/httplog=dist/src/cli/main.js
  for thread in capture live parse compress processes connections owners; do set -- "$@" "workers/$thread=dist/workers/$thread.js"; done
  node_modules/.bin/esbuild "$@" --bundle \
    --format=cjs --platform=node --charset=ascii --packages=external --outdir=lib --supported:dynamic-import=false \
    --define:import.meta.url=moduleUrl --define:import.meta.resolve=resolveModule \
    "--banner:js=const { pathToFileURL: toUrl } = require('node:url'), moduleUrl = toUrl(__filename).href, resolveModule = (name) => toUrl(require.resolve(name)).href;" \
    --log-level=warning >&2 || return
  echo '{ "type": "commonjs" }' >lib/package.json
  # The code of the command, compiled: lib/src/cli/httplog.js.code.
  node --max-semi-space-size=1 dist/scripts/make_compiled.js >&2 || return
  # The manual and the shell completions: lib/share.
  node dist/scripts/make_share.js >&2
}

# Runs the rest of the line while no other scripts/run or scripts/test of this folder installs or builds.
exclusively() {
  if command -v flock >/dev/null; then
    ( flock 9 && "$@" ) 9<.
  else
    "$@"
  fi
}
