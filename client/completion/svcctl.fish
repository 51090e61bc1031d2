# SPDX-License-Identifier: ISC
# Completion of svcctl(1) for fish.

# What the broker says, within a second; nothing when it is gone. The socket is the one on the command line.
function __svcctl_ask
    set -l words (commandline -opc)
    set -l socket
    set -l previous
    for word in $words
        switch $word
            case '--socket=*'
                set socket $word
        end
        test "$previous" = --socket; and set socket --socket $word
        set previous $word
    end
    # Not looked up in PATH if the command on the line is not: root presses tab too.
    set -l program svcctl
    string match -q '*/*' -- $words[1]; and set program $words[1]
    command $program $socket --timeout 1s $argv 2>/dev/null
end

function __svcctl_methods
    __svcctl_ask introspect | string replace --filter --regex '^method (\w+)\(.*' '$1'
end

function __svcctl_profiles
    set -q HERMES_HOME; or set -l HERMES_HOME /opt/data
    for file in $HERMES_HOME/profiles/*/SOUL.md
        string replace -r '.*/([^/]*)/SOUL.md$' '$1' -- $file
    end
end

set -l verbs start stop restart kill wait export status list top why history watch logs reset register unregister reconcile export import health doctor metrics call introspect
set -l before "not __fish_seen_subcommand_from $verbs"

complete -c svcctl -f
complete -c svcctl -n $before -a start -d 'start, and wait until up'
complete -c svcctl -n $before -a stop -d 'stop, and wait until down'
complete -c svcctl -n $before -a restart -d 'stop, start, and wait until up'
complete -c svcctl -n $before -a kill -d 'send a signal, KILL if not told otherwise'
complete -c svcctl -n $before -a wait -d 'order nothing, and wait for a state'
complete -c svcctl -n $before -a status -d 'show one service in full, or all'
complete -c svcctl -n $before -a list -d 'show all services'
complete -c svcctl -n $before -a top -d 'show them as they change, and take orders by key'
complete -c svcctl -n $before -a why -d 'say what happened, what comes next, and what to do'
complete -c svcctl -n $before -a history -d 'tell who ordered what, what ended, and how'
complete -c svcctl -n $before -a watch -d 'print a line for each change'
complete -c svcctl -n $before -a logs -d 'show what gateways printed'
complete -c svcctl -n $before -a reset -d 'forget the failures of gateways'
complete -c svcctl -n $before -a register -d 'make the gateway of a profile, and start it'
complete -c svcctl -n $before -a unregister -d 'end the gateway of a profile, and remove it'
complete -c svcctl -n $before -a reconcile -d 'make a gateway for each profile that has none'
complete -c svcctl -n $before -a export -d 'print what is wanted of gateways'
complete -c svcctl -n $before -a import -d 'make gateways wanted as export printed it'
complete -c svcctl -n $before -a health -d 'list the problems'
complete -c svcctl -n $before -a doctor -d 'check everything closely, and say what to do'
complete -c svcctl -n $before -a metrics -d 'print figures for Prometheus'
complete -c svcctl -n $before -a call -d 'call any method'
complete -c svcctl -n $before -a introspect -d 'print the text of an interface'

complete -c svcctl -n '__fish_seen_subcommand_from start stop restart kill wait export status list top why history watch logs reset unregister' -a '(__svcctl_ask list --names)'
complete -c svcctl -n '__fish_seen_subcommand_from register' -a '(__svcctl_profiles)'
complete -c svcctl -n '__fish_seen_subcommand_from call' -a '(__svcctl_methods)'
complete -c svcctl -n '__fish_seen_subcommand_from introspect' -a 'io.svcbroker io.systemd.Metrics org.varlink.service'

complete -c svcctl -s h -l help -d 'a summary'
complete -c svcctl -s V -l version -d 'the version'
complete -c svcctl -l json -d 'JSON on standard output'
complete -c svcctl -l socket -r -F -d 'the socket of the broker'
complete -c svcctl -l timeout -x -a '500ms 5s 30s 2m 10m' -d 'how long to wait'
complete -c svcctl -n '__fish_seen_subcommand_from start stop restart logs' -l all -d 'every gateway'
complete -c svcctl -n '__fish_seen_subcommand_from start restart' -a '--wait=up --wait=ready'
complete -c svcctl -n '__fish_seen_subcommand_from stop' -a --wait=down
complete -c svcctl -n '__fish_seen_subcommand_from start stop restart' -l no-wait -d 'do not wait'
complete -c svcctl -n '__fish_seen_subcommand_from start stop restart kill wait export status list top why history watch logs reset' -l profile -d 'names are those of profiles'
complete -c svcctl -n '__fish_seen_subcommand_from start stop restart kill wait export status list top why history watch logs reset' -l state -x -a 'up down starting stopping finishing backoff failed held served unsupervised' -d 'of these, what is in that state'
complete -c svcctl -n '__fish_seen_subcommand_from start stop restart kill wait export status list top why history watch logs reset' -l wanted -x -a 'up down' -d 'of these, what is wanted so'
complete -c svcctl -n '__fish_seen_subcommand_from list' -l sort -x -a 'name state age restarts pid' -d 'in that order'
complete -c svcctl -n '__fish_seen_subcommand_from list' -l no-header -d 'only the services'
complete -c svcctl -n '__fish_seen_subcommand_from stop restart' -l kill-after -x -a '5s 30s 2m 10m' -d 'KILL to what still runs then'
complete -c svcctl -n '__fish_seen_subcommand_from kill' -s s -l signal -x -a 'HUP INT QUIT KILL TERM USR1 USR2 CONT STOP WINCH' -d 'which signal'
complete -c svcctl -n '__fish_seen_subcommand_from list' -s q -l names -d 'names only'
complete -c svcctl -n '__fish_seen_subcommand_from status list' -l usage -d 'with memory and processor'
complete -c svcctl -n '__fish_seen_subcommand_from metrics' -l prometheus -d 'in the format before OpenMetrics'
complete -c svcctl -n '__fish_seen_subcommand_from status list' -l watch -d 'the same as top'
complete -c svcctl -n '__fish_seen_subcommand_from logs' -s f -l follow -d 'print new lines as they come'
complete -c svcctl -n '__fish_seen_subcommand_from logs' -s n -l lines -x -d 'the last lines'
complete -c svcctl -n '__fish_seen_subcommand_from logs' -l since -x -a '10m 1h 1d' -d 'lines since then'
complete -c svcctl -n '__fish_seen_subcommand_from history' -s f -l follow -d 'go on as it comes'
complete -c svcctl -n '__fish_seen_subcommand_from history' -s n -l lines -x -d 'the last ones'
complete -c svcctl -n '__fish_seen_subcommand_from history' -l since -x -a '10m 1h 1d' -d 'what happened since then'
complete -c svcctl -n '__fish_seen_subcommand_from logs' -l until -x -a '10m 1h 1d' -d 'lines until then'
complete -c svcctl -n '__fish_seen_subcommand_from logs' -l grep -x -d 'lines that match'
complete -c svcctl -n '__fish_seen_subcommand_from logs' -l raw -d 'control characters and colours too'
complete -c svcctl -n '__fish_seen_subcommand_from register' -l env -x -d 'a variable'
complete -c svcctl -n '__fish_seen_subcommand_from register' -l no-start -d 'leave it down'
complete -c svcctl -n '__fish_seen_subcommand_from start stop restart kill reset register unregister reconcile import' -l dry-run -d 'only say what would be done'
complete -c svcctl -n '__fish_seen_subcommand_from wait' -l for -x -a 'up ready down failed gone' -d 'what to wait for'
complete -c svcctl -n '__fish_seen_subcommand_from import' -F
complete -c svcctl -n '__fish_seen_subcommand_from export' -l with-environment -d 'and their variables'
complete -c svcctl -n '__fish_seen_subcommand_from watch' -l failures -d 'only what somebody should see to'
complete -c svcctl -n '__fish_seen_subcommand_from call' -l more -d 'replies as a stream'
complete -c svcctl -n '__fish_seen_subcommand_from call' -l oneway -d 'no reply'
