# shellcheck shell=bash disable=SC2154 # _httplog_commands stands in the tables
# bash completion for httplog. Needs bash 4.4 and not the bash-completion package.

#TABLES#
_httplog_interfaces() {
  local path
  for path in /sys/class/net/*; do
    if [[ -d $path ]]; then printf '%s\n' "${path##*/}"; fi
  done
}

# Adds what begins as the word does: WORDS, split at blanks, and NAMES of what the machine has. In a list the last item counts.
_httplog_offer() { # item|list NAMES WORDS
  local item=$cur kept='' words=$3 found had
  if [[ $1 == list ]]; then
    if [[ $cur == *,* ]]; then
      item=${cur##*,}
      kept=${cur%,*},
    fi
    compopt -o nospace 2>/dev/null
  fi
  if [[ $2 == interfaces ]]; then words+=" $(_httplog_interfaces)"; fi
  while IFS= read -r found; do COMPREPLY+=("$before$kept$found"); done < <(compgen -W "$words" -- "$item")
  case $2 in
    directories) _httplog_files -d ;;
    files) _httplog_files -f ;;
    captures)
      # By their suffix; where none has one, whatever there is.
      had=${#COMPREPLY[@]}
      _httplog_files -f -X '!*.@(#CAPTURES#)'
      if (( ${#COMPREPLY[@]} == had )); then _httplog_files -f; else _httplog_files -d; fi
      ;;
  esac
}

_httplog_files() { # options of compgen
  local found
  compopt -o filenames 2>/dev/null
  while IFS= read -r found; do COMPREPLY+=("$before$found"); done < <(shopt -s extglob; compgen "$@" -- "$cur")
}

# Sets name: --log-split is log_split.
_httplog_name() {
  name=${1#-}
  name=${name#-}
  name=${name//-/_}
}

_httplog() {
  local cur=${COMP_WORDS[COMP_CWORD]} option='' before='' name command='' dashes=- first=1 at
  COMPREPLY=()
  if (( COMP_CWORD > 1 )) && [[ " $_httplog_commands " == *" ${COMP_WORDS[1]} "* ]]; then
    command=${COMP_WORDS[1]}
    first=2
  fi

  # The option that the word is a value of. The equals sign is a word of its own, unless COMP_WORDBREAKS was changed.
  at=$((COMP_CWORD - 1))
  if [[ $cur == -*=* ]]; then
    option=${cur%%=*}
    before=$option=
    cur=${cur#*=}
  else
    if [[ $cur == = ]]; then cur=''; elif [[ ${COMP_WORDS[at]} == = ]]; then at=$((at - 1)); fi
    if (( at >= first )) && [[ ${COMP_WORDS[at]} == -?* ]]; then option=${COMP_WORDS[at]}; fi
  fi
  if [[ -n $option ]]; then
    _httplog_name "$option"
    if _httplog_value "$command" "$name"; then return; fi
  fi

  if [[ $cur == -* ]]; then
    if [[ $cur == --* ]]; then dashes=--; fi
    while IFS= read -r name; do COMPREPLY+=("$name"); done \
      < <(compgen -P "$dashes" -W "$(_httplog_options "$command")" -- "${cur#"$dashes"}")
    return
  fi
  # The last option may take every word up to the next one.
  for (( at = COMP_CWORD - 1; at >= first; at-- )); do
    if [[ ${COMP_WORDS[at]} == -?* ]]; then
      _httplog_name "${COMP_WORDS[at]}"
      _httplog_words "$command" "$name"
      return
    fi
  done
  if (( COMP_CWORD == 1 )); then _httplog_offer item '' "$_httplog_commands"; fi
  _httplog_operand "$command"
}

complete -F _httplog httplog
