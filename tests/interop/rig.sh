# What the servers of this folder share; sourced by each of them, which then says `rig "$@"`. See README.md.
#
# A server file sets `packages` (those of Debian that its chroot needs; none: it runs in the machine itself), `suite` where
# they are not those of Debian 12, `names` (what is spoken at its ports, that of `up` first), and defines
#   configure    writes the configuration; $root is its root, $address and $port are where it is to listen; its further
#                ports are `$(port_of NAME)`
#   serve        execs the server in the foreground
#   maildir      prints the folder below which the delivered mails lie
#   missing      (where it needs no chroot) prints why the server cannot be had here
#   install      (where it needs no chroot, and the machine does not have it) gets it
# POSTINO_RIGS is where the chroots are kept; each is built once, for all checkouts, behind a lock.

set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
rig_name=$(basename "$0")
rig_here=$(cd "$(dirname "$0")" && pwd)
rigs=${POSTINO_RIGS:-${XDG_CACHE_HOME:-${HOME:-/var/tmp}/.cache}/postino}
suite=bookworm
packages=
names=smtp
password=s3cret-Pa55 password_of_ulla=Grüße-7 # alice@example.test and ulla@example.test
new=

# One instance for each checkout; whoever needs more in one checkout names them.
name_instance() {
    run=$rigs/run/$rig_name-$(printf '%s %s' "$rig_here" "${POSTINO_RIG_NAME:-}" | cksum | cut -d ' ' -f 1)
    root=$run/root
}

# Exit status 77 is what test runners take for skipped.
skip() {
    echo "skip: $*"
    exit 77
}

# Skips in the middle of building.
give_up() {
    rm -rf "$run" ${new:+"$new"}
    skip "$@"
}

fail() {
    echo "$rig_name: $*" >&2
    [ ! -s "$run/log" ] || tail -n 20 "$run/log" >&2
    exit 1
}

missing() {
    if [ "$(id -u)" != 0 ]; then
        echo "$rig_name runs in a chroot, which needs root"
    elif ! command -v debootstrap >/dev/null; then
        echo "no debootstrap here (scripts/setup interop installs it)"
    fi
}

install() { :; }

# Runs a function while no other rig of this folder does.
alone() {
    flock 7 && "$@"
} 7>"$rigs/lock"

unmount_leftovers() {
    local where
    sed -n "s|^[^ ]* \($new/[^ ]*\) .*|\1|p" /proc/mounts | sort -r | while read -r where; do
        umount "$where" || umount --lazy "$where"
    done
}

# Runs a command whose mounts end with it, however it ends: none is ever seen outside. In a chroot the kernel does not
# let us have mounts of our own: they are then taken away behind the command.
without_trace() {
    local status=0
    if unshare --mount --propagation private true 2>/dev/null; then
        unshare --mount --propagation private "$@"
        return
    fi
    trap unmount_leftovers EXIT
    "$@" || status=$?
    unmount_leftovers
    trap - EXIT
    return $status
}

# Where this machine has its own Debian from, others are to be had, too.
mirror() {
    local from
    from=$(apt-get indextargets --format '$(CODENAME) $(SITE)' 2>/dev/null | sed -n -E "s/^($suite|bookworm|trixie) //p" | head -n 1) || true
    echo "${POSTINO_MIRROR:-${from:-http://deb.debian.org/debian}}"
}

# Gives the new root $1 the sources, the proxies and the resolver of this machine where it is of the same Debian.
inherit_apt() {
    cp /etc/resolv.conf "$1/etc/resolv.conf"
    printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d"
    chmod 755 "$1/usr/sbin/policy-rc.d"
    printf '%s\n' force-unsafe-io 'path-exclude=/usr/share/'{doc,man,locale,info}'/*' >"$1/etc/dpkg/dpkg.cfg.d/rig"
    if command -v apt-config >/dev/null; then
        apt-config dump Acquire 2>/dev/null | grep -Ei '^Acquire::(https?|Check)[^ ]* ".' >"$1/etc/apt/apt.conf.d/90inherited" || true
    fi
    if grep -qs "^VERSION_CODENAME=$suite" /etc/os-release && [ -e /etc/apt/sources.list.d/debian.sources ]; then
        cp /etc/apt/sources.list.d/debian.sources "$1/etc/apt/sources.list.d/"
        rm -f "$1/etc/apt/sources.list"
    fi
}

build_base() {
    new=$rigs/$suite.new
    rm -rf "$new"
    DPKG_FORCE=unsafe-io without_trace debootstrap --variant=minbase "$suite" "$new" "$(mirror)" >"$rigs/$rig_name.log" 2>&1 || return 1
    rm -rf "$new"/var/cache/apt/*.bin "$new"/var/cache/apt/archives/*.deb "$new"/usr/share/{doc,man,locale,info}/*
    inherit_apt "$new"
    chroot "$new" apt-get -q update >>"$rigs/$rig_name.log" 2>&1 || return 1
    mv "$new" "$rigs/$suite"
}

# Two servers may want the same base at once.
have_base() {
    flock 6 && { [ -d "$rigs/$suite" ] || build_base; }
} 6>"$rigs/$suite.lock"

# Where it can be had, with a /proc of its own: some packages cannot be installed without, and with that of the machine they
# might end a server of the machine.
in_new() {
    local apart=()
    ! unshare --mount --pid --fork true 2>/dev/null ||
        apart=(unshare --mount --propagation private --pid --fork sh -c 'mount -t proc proc "$2/proc"; exec "$@"' sh)
    DEBIAN_FRONTEND=noninteractive "${apart[@]}" chroot "$new" "$@" >>"$rigs/$rig_name.log" 2>&1 </dev/null
}

# shellcheck disable=SC2086 # a list of words
install_packages() {
    in_new apt-get -q -y -o Dpkg::Use-Pty=0 --no-install-recommends install $packages
}

# Builds the chroot $1 from the base and this server's packages.
build_chroot() {
    new=$1.new
    rm -rf "$new"
    cp -a --reflink=auto "$rigs/$suite" "$new"
    : >"$rigs/$rig_name.log"
    # The package lists are as old as the base: where they are too old, new ones.
    install_packages || { in_new apt-get -q update && install_packages; } || return 1
    # Nothing is ever installed here again: what only dpkg and apt-get read would be copied for each instance.
    rm -rf "$new"/var/lib/{apt,dpkg} "$new"/var/cache/{apt,debconf}
    mv "$new" "$1"
}

why_unbuilt() {
    { grep -E '^E:|[Ee]rror|[Ff]ailed|ERR!' "$rigs/$rig_name.log" || cat "$rigs/$rig_name.log"; } | tail -n 1
}

# Version $2 of npm's package $1, once for all checkouts.
install_by_npm() {
    installed=$rigs/$1-$2 new=$rigs/$1-$2.new
    [ ! -d "$installed" ] || return 0
    rm -rf "$new"
    mkdir "$new"
    (cd "$new" && npm install --prefix "$new" --no-audit --no-fund --no-update-notifier --ignore-scripts "$1@$2") >"$rigs/$rig_name.log" 2>&1 </dev/null ||
        give_up "no $rig_name to be had: $(why_unbuilt)"
    mv "$new" "$installed"
}

# Makes $root: a copy of the cached chroot in which everything that a server writes to is its own. /usr is hard links, so
# that a copy costs a fraction of a second; no server writes there.
make_root() {
    local cached entry
    have_base || give_up "no Debian $suite to be had: $(why_unbuilt)"
    cached=$rigs/$suite-$(echo "$packages" | tr ' ' '+')
    [ -d "$cached" ] || build_chroot "$cached" || give_up "no $rig_name to be had: $(why_unbuilt)"
    mkdir -p "$root"
    cp -al "$cached/usr" "$root/usr"
    for entry in "$cached"/*; do
        [ "$entry" = "$cached/usr" ] || cp -a "$entry" "$root/"
    done
    (: >"$root/dev/null") 2>/dev/null || give_up "$rigs allows no device nodes; POSTINO_RIGS names another folder"
}

# Whether something listens on port $1 of this network namespace, on any address.
taken() {
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -q "$(printf ':%04X [0-9A-F:]* 0A' "$1")"
}

# Below the range from which the kernel takes the ports of outgoing connections; none that another rig is about to take.
free_port() {
    local candidate
    while candidate=$((20000 + RANDOM % 10000)) && { taken "$candidate" || grep -qsw "$candidate" "$rigs"/run/*/ports; }; do :; done
    echo "$candidate"
}

pick_ports() {
    local name
    for name in $names; do
        echo "$name ${port:-$(free_port)}" >>"$run/ports"
        port=
    done
}

port_of() {
    sed -n "s/^$1 //p" "$run/ports"
}

# Makes $1.pem, for ten years, and $1.key: for $2, with the extension $3.
certify() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/O=Postino/CN=$2" -addext "$3" \
        "${@:4}" -keyout "$1.key" -out "$1.pem" -config /dev/stdin <<<$'[req]\ndistinguished_name=name\n[name]' 2>/dev/null
}

# An authority of our own, a server's certificate and that of alice, once for all servers.
make_certificates() {
    local new=$rigs/pki.new
    ! openssl x509 -checkend 1000000 -noout -in "$rigs/pki/alice.pem" >/dev/null 2>&1 || return 0
    rm -rf "$new" "$rigs/pki"
    mkdir "$new"
    certify "$new/ca" 'the authority of the rigs' basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign &&
        certify "$new/server" localhost subjectAltName=DNS:localhost,DNS:mail.example.test,IP:127.0.0.1 -CA "$new/ca.pem" -CAkey "$new/ca.key" &&
        certify "$new/alice" alice@example.test subjectAltName=email:alice@example.test -CA "$new/ca.pem" -CAkey "$new/ca.key" &&
        mv "$new" "$rigs/pki"
}

# Certificates for the server in the folder $1 of its root.
bring_certificates() {
    mkdir -p "$root$1"
    cp "$rigs"/pki/{ca.pem,server.pem,server.key} "$root$1"
}

# Whether the server at $address $port says 220.
answers() {
    (exec 3<>"/dev/tcp/$address/$port" && IFS= read -r -t 5 line <&3 && printf 'QUIT\r\n' >&3 && [ "${line#220}" != "$line" ]) 2>/dev/null
}

# The processes of this instance: they live in its root, or were started in a folder that is theirs alone.
processes() {
    find /proc/[0-9]*/root /proc/[0-9]*/cwd -maxdepth 0 \( -lname "$root" -o -lname "$root/*" -o -lname "$run/cwd" \) 2>/dev/null | cut -d / -f 3 | sort -u
}

down() {
    local signal=TERM tries=0
    [ -d "$run" ] || return 0
    while [ -n "$(processes)" ]; do
        [ $tries -lt 60 ] || signal=KILL
        [ $((tries % 20)) -ne 0 ] || processes | xargs -r kill -s $signal 2>/dev/null || true
        sleep 0.05
        tries=$((tries + 1))
    done
    rm -rf "$run"
}

# Clears away instances in the foreground that were killed before they could: each holds its lock while it lives.
remove_dead() {
    local lock
    for lock in "$rigs"/run/*/lock; do
        [ ! -e "$lock" ] || ! flock -n "$lock" true || (run=${lock%/lock} root=$run/root && down)
    done
}

prepare() {
    down
    mkdir -p "$run/cwd"
    alone make_certificates || give_up "openssl makes no certificates"
    if [ -n "$packages" ]; then make_root; else install; fi
    alone pick_ports
    port=$(port_of "${names%% *}")
    configure
    echo "$address $port" >"$run/address"
}

up() {
    if [ -s "$run/address" ] && read -r address port <"$run/address" && answers; then
        echo "$address $port"
        return
    fi
    address=${1:-127.0.0.1} port=${2:-}
    prepare
    # Its own session, so that it outlives the terminal; without the lock and this script's output, so that nobody waits.
    (cd "$run/cwd" && exec setsid "$rig_here/$rig_name" exec) </dev/null >"$run/log" 2>&1 9>&- &
    for _ in {1..200}; do
        ! answers || { echo "$address $port"; return; }
        sleep 0.05
    done
    down_with fail "does not answer at $address $port"
}

# Says what is wrong while the log is still there, then clears away.
down_with() {
    ("$@") || true
    down
    exit 1
}

hold() {
    exec 8>"$run/lock"
    flock 8
}

# In the foreground until a signal comes, or the server ends by itself. An instance of its own, unless it is named.
serve_here() {
    local server status=0
    address=${1:-127.0.0.1} port=${2:-}
    export POSTINO_RIG_NAME="${POSTINO_RIG_NAME:-serve $$ $RANDOM $RANDOM}"
    name_instance
    prepare
    alone hold
    exec 9>&-
    (cd "$run/cwd" && exec setsid "$rig_here/$rig_name" exec) </dev/null 8>&- &
    server=$!
    trap 'exit 0' TERM INT HUP
    trap down EXIT
    wait "$server" || status=$?
    exit "$status"
}

# Prints the folder of the mails, once $1 of them have arrived: a queue delivers after the reply to the dot.
mails() {
    local folder
    folder=$(maildir)
    for _ in {1..200}; do
        [ "$(find "$folder" -type f \( -path '*/new/*' -o -name '*.eml' \) 2>/dev/null | wc -l)" -lt "${1:-0}" ] || { echo "$folder"; return; }
        sleep 0.05
    done
    fail "fewer than $1 mails in $folder"
}

rig() {
    local why command=${1:-}
    [ $# -eq 0 ] || shift
    name_instance
    case $command in
    up | serve)
        why=$(missing)
        [ -z "$why" ] || skip "$why"
        mkdir -p "$rigs/run" 2>/dev/null && [ -w "$rigs/run" ] || skip "cannot write to $rigs"
        exec 9>"$rigs/$rig_name.lock"
        flock 9
        alone remove_dead
        if [ "$command" = up ]; then up "$@"; else serve_here "$@"; fi
        ;;
    down) down ;;
    mails) mails "$@" ;;
    log) cat "$run/log" ;;
    ports) cat "$run/ports" ;;
    token) cat "$run/token" ;;
    kerberos) cat "$run/kerberos" ;;
    pki) echo "$rigs/pki" ;;
    exec) read -r address port <"$run/address" && install && serve ;;
    *)
        echo "usage: $rig_name up [ADDRESS [PORT]] | down | mails [COUNT] | log | ports | pki | token | kerberos | serve [ADDRESS [PORT]]" >&2
        exit 64
        ;;
    esac
}
