# fish completion for httplog. Needs fish 3.

function __httplog_interfaces
    for path in /sys/class/net/*
        test -d $path; and string replace -r '.*/' '' -- $path
    end
end

# By their suffix; where none has one, whatever there is.
function __httplog_captures
    set -l paths (__httplog_files)
    set -l captures (string match -r -- '^[^\t]*(?:/|\.(?:#CAPTURES#))(?:\t.*)?$' $paths)
    if string match -qv -- '*/' $captures
        printf '%s\n' $captures
    else
        printf '%s\n' $paths
    end
end

function __httplog_files
    __fish_complete_path (commandline -ct)
end

function __httplog_directories
    __fish_complete_directories (commandline -ct) ''
end

# Whether the last option before the word is one of these.
function __httplog_behind
    set -l options (string match -r -- '^--?[^-=].*' (commandline -opc))
    set -q options[1]; and contains -- (string replace -r -- '^--?' '' $options[-1]) $argv
end

complete -c httplog -f
#COMPLETIONS#
