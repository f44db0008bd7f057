#compdef httplog
# zsh completion for httplog.

_httplog_commands() {
  local -a commands=(
#SUMMARIES#
  )
  _describe -t commands command commands
}

# WORDS, and NAMES of what the machine has; in a list the last item counts.
_httplog_offer() { # item|list NAMES WORD...
  local kind=$1 names=$2
  shift 2
  local -a words=("$@")
  [[ $names == interfaces ]] && words+=(/sys/class/net/*(N-/:t))
  local -a separator
  if [[ $kind == list ]]; then
    compset -P '*,'
    separator=(-S ',' -q)
  fi
  local added=1
  (( $#words )) && compadd $separator -- $words && added=0
  case $names in
    directories) _files -/ && added=0 ;;
    files) _files && added=0 ;;
    captures) _files -g '*.(#CAPTURES#)(-.)' && added=0 ;;
  esac
  return added
}

# A word behind no option's value: a command, or one more for an option that takes many.
_httplog_word() {
  local option=${${(M)words[2,CURRENT-1]:#-?*}[-1]}
  case ${${option#-}#-} in
#WORDS#
    '') (( CURRENT == 2 )) && _httplog_commands ;;
  esac
}

_httplog() {
  case $words[2] in
    (#COMMANDS#) (( CURRENT > 2 )) && { shift words; (( CURRENT-- )) } ;;
  esac
  case $words[1] in
#BRANCHES#
  esac
}

_httplog "$@"
