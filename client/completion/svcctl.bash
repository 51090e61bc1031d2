# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# Completion of svcctl(1) for bash. Loaded by bash-completion, or sourced. Nothing of it is looked up in PATH if the command on the line is not,
# and no name of the volume's is ever expanded, as compgen -W would do: root presses tab too.

# _svcctl_ask ARGUMENT...: what the broker says, within a second; nothing when it is gone. The socket is the one on the command line.
_svcctl_ask() {
    local i socket=() program=svcctl
    [[ ${COMP_WORDS[0]} == */* ]] && program=${COMP_WORDS[0]}
    for ((i = 1; i + 1 < COMP_CWORD; i++)); do
        if [[ ${COMP_WORDS[i]} == --socket ]]; then
            if [[ ${COMP_WORDS[i + 1]} == '=' ]]; then
                socket=(--socket "${COMP_WORDS[i + 2]}")
            else
                socket=(--socket "${COMP_WORDS[i + 1]}")
            fi
        fi
    done
    command "$program" "${socket[@]}" --timeout 1s "$@" 2>/dev/null
}

# The verb, "" before there is one.
_svcctl_verb() {
    local i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --socket | --timeout | --env | --lines | -n | --since | --until | --grep | --kill-after | --signal | -s | --state | --wanted | --sort | --for)
            [[ ${COMP_WORDS[i + 1]} == '=' ]] && ((i++))
            ((i++))
            ;;
        --wait) [[ ${COMP_WORDS[i + 1]} == '=' ]] && ((i += 2)) ;;
        -*) ;;
        *)
            echo "${COMP_WORDS[i]}"
            return
            ;;
        esac
    done
}

# _svcctl_options VERB
_svcctl_options() {
    echo --help --version --json --socket --timeout
    case $1 in
    start) echo --all --wait --no-wait --profile --state --wanted --dry-run ;;
    stop | restart) echo --all --wait --no-wait --profile --state --wanted --kill-after --dry-run ;;
    kill) echo --signal --profile --state --wanted --dry-run ;;
    wait) echo --for --profile --state --wanted ;;
    status) echo --profile --state --wanted --usage --watch ;;
    top | why) echo --profile --state --wanted ;;
    reset) echo --profile --state --wanted --dry-run ;;
    watch) echo --profile --state --wanted --failures ;;
    list) echo --profile --state --wanted --names --usage --watch --sort --no-header ;;
    history) echo --follow --lines --since --profile --state --wanted ;;
    metrics) echo --prometheus ;;
    logs) echo --all --follow --lines --since --until --grep --raw --profile --state --wanted ;;
    register) echo --env --no-start --dry-run ;;
    unregister | reconcile | import) echo --dry-run ;;
    export) echo --with-environment --profile --state --wanted ;;
    call) echo --more --oneway ;;
    esac
}

# _svcctl_words VERB: what may stand for its arguments.
_svcctl_words() {
    case $1 in
    '') echo start stop restart kill wait status list top why history watch logs reset register unregister reconcile export import health doctor metrics call introspect ;;
    start | stop | restart | kill | wait | export | status | list | top | why | history | watch | logs | reset | unregister) _svcctl_ask list --names ;;
    register)
        local file
        # This is a subshell.
        unset GLOBIGNORE
        shopt -u failglob
        for file in "${HERMES_HOME:-/opt/data}"/profiles/*/SOUL.md; do
            file=${file%/SOUL.md}
            file=${file##*/}
            # proto/name.h lists who else checks this.
            [[ $file == [a-z0-9]* && $file != *[!a-z0-9_-]* ]] && echo "$file"
        done
        ;;
    call)
        local word rest
        _svcctl_ask introspect | while read -r word rest; do
            [[ $word == method ]] && echo "${rest%%(*}"
        done
        ;;
    import) compgen -f -- "$current" ;;
    introspect) echo io.svcbroker io.systemd.Metrics org.varlink.service ;;
    esac
}

# _svcctl_offer CURRENT WORD...: those that begin so.
_svcctl_offer() {
    local word
    COMPREPLY=()
    for word in "${@:2}"; do
        if [[ $word == "$1"* ]]; then COMPREPLY+=("$word"); fi
    done
}

_svcctl() {
    # Whatever the user's shell is set to: that comes back with the return.
    local - IFS=$' \t\n'
    set +feu
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} verb words=()
    verb=$(_svcctl_verb)
    if [[ $current == '=' ]]; then
        current=
    elif [[ $previous == '=' ]]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    case $previous in
    --socket)
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    --wait)
        if [[ ${COMP_WORDS[COMP_CWORD]} == '=' || ${COMP_WORDS[COMP_CWORD - 1]} == '=' ]]; then
            words=(up ready)
            [[ $verb == stop ]] && words=(down)
            _svcctl_offer "$current" "${words[@]}"
            return
        fi
        ;;
    --timeout)
        _svcctl_offer "$current" 500ms 5s 30s 2m 10m
        return
        ;;
    --state)
        _svcctl_offer "$current" up down starting stopping finishing backoff failed held served unsupervised
        return
        ;;
    --for)
        _svcctl_offer "$current" up ready down failed gone
        return
        ;;
    --wanted)
        _svcctl_offer "$current" up down
        return
        ;;
    --sort)
        _svcctl_offer "$current" name state age restarts pid
        return
        ;;
    --kill-after)
        _svcctl_offer "$current" 5s 30s 2m 10m
        return
        ;;
    --signal | -s)
        _svcctl_offer "$current" HUP INT QUIT KILL TERM USR1 USR2 CONT STOP WINCH
        return
        ;;
    --since | --until)
        _svcctl_offer "$current" 10m 1h 1d
        return
        ;;
    --env)
        mapfile -t COMPREPLY < <(compgen -v -- "$current")
        return
        ;;
    --lines | -n | --grep) return ;;
    esac
    if [[ $current == -* ]]; then
        read -rd '' -a words < <(_svcctl_options "$verb")
    else
        read -rd '' -a words < <(_svcctl_words "$verb")
    fi
    _svcctl_offer "$current" "${words[@]}"
}

complete -F _svcctl svcctl
