#!/bin/sh
# Verifies the evidence of one request: who decided what, when, with what in force.
#
#   sh VERIFY.sh [FINGERPRINT [FOLDER]]
#
# FINGERPRINT is the SHA-256 fingerprint of the bank's root certificate, as the bank publishes it:
# without it the script shows the one it finds here, and the reader compares. FOLDER is where the
# evidence lies; without it, where this script lies. Whoever does not trust the folder brings this
# script from elsewhere: it is the same for every request.
#
# Needs sh, OpenSSL 3.0 or newer, and the usual small tools. No network. Exit status 0: everything
# holds; 1: something does not, and each finding is one line on standard error; 2: cannot run.
LC_ALL=C
export LC_ALL
unset CDPATH OPENSSL_CONF SSL_CERT_FILE SSL_CERT_DIR
cd "${2:-$(dirname "$0")}" || exit 2
if ! openssl version | grep -Eq '^OpenSSL ([3-9]|[1-9][0-9])[.]'; then
    echo 'OpenSSL 3.0 or newer is needed.' >&2
    exit 2
fi
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
trap 'exit 2' HUP INT TERM
: >"$scratch/findings"
: >"$scratch/taken"

finding() {
    echo "$*" >&2
    echo "$*" >>"$scratch/findings"
}

# --- small tools ---------------------------------------------------------------------------------
digest() { sha256sum | cut -c 1-64; }
file_digest() { digest <"$1"; }

# What is asked of a certificate: its SHA-256, who it is about, what it is for.
certificate_facts() {
    openssl x509 -in "$1" -noout -fingerprint -sha256 -subject -nameopt multiline,-esc_msb,utf8 \
        -ext keyUsage,extendedKeyUsage 2>/dev/null
}
certificate_digest() { sed -nE 's/^sha256 Fingerprint=//p' "$1" | tr -d ':' | tr 'A-F' 'a-f'; }

# YYYYMMDDHHMMSS in UTC to seconds since 1970.
seconds() {
    awk -v t="$1" 'BEGIN {
        y = substr(t, 1, 4) + 0; m = substr(t, 5, 2) + 0; d = substr(t, 7, 2) + 0
        if (m <= 2) { y -= 1; m += 12 }
        days = 365 * y + int(y / 4) - int(y / 100) + int(y / 400)
        days += int((153 * (m - 3) + 2) / 5) + d - 719469
        s = substr(t, 9, 2) * 3600 + substr(t, 11, 2) * 60 + substr(t, 13, 2)
        printf "%.0f\n", days * 86400 + s
    }'
}

# "Nov 20 02:30:07[.123] 2026 GMT", as openssl writes times, to YYYYMMDDHHMMSS.
compact() {
    awk -v t="$1" 'BEGIN {
        split(t, part, " "); split(part[3], clock, ":")
        m = (index("JanFebMarAprMayJunJulAugSepOctNovDec", part[1]) + 2) / 3
        printf "%04d%02d%02d%02d%02d%02d\n", part[4], m, part[2], clock[1], clock[2], int(clock[3])
    }'
}

# Signing time of a signature file, YYYYMMDDHHMMSS; it is among what was signed.
signing_time() {
    openssl asn1parse -inform DER -in "$1" 2>/dev/null | awk '
        /OBJECT +:signingTime$/ { found = 1; next }
        found && /UTCTIME +:[0-9]+Z$/ { sub(/.*:/, ""); sub(/Z$/, ""); print "20" $0; exit }'
}

# Is the file among those the bank sealed?
listed() { cut -c 67- MANIFEST | grep -Fxq "$1"; }

# What a signature file holds, by whom: statement in $2, trusted root in $3, at $4 seconds; the
# signer's certificate goes to $5. The revocation list of its time is in the file. Without the two
# -no options openssl would also believe whatever authorities this machine trusts; `openssl ts`
# believes nothing but the file it is given, and does not know them.
signature_holds() {
    openssl cms -verify -cades -crl_check -binary -inform DER -in "$1" -content "$2" \
        -CAfile "$3" -no-CApath -no-CAstore -purpose any -attime "$4" -signer "$5" \
        -out /dev/null 2>"$scratch/openssl"
}

# --- the bank's seal over the list of files ------------------------------------------------------
for needed in root.pem MANIFEST MANIFEST.p7s; do
    if [ ! -f "$needed" ]; then
        echo "$needed is missing." >&2
        exit 1
    fi
done
root=$(openssl x509 -in root.pem -noout -fingerprint -sha256 | sed 's/.*=//')
echo "Root certificate: $root"
wanted=$(printf '%s' "${1:-}" | tr -d ' :\n' | tr 'a-f' 'A-F')
if [ -z "$wanted" ]; then
    echo 'Compare it with the fingerprint the bank publishes: all that follows rests on it.'
elif [ "$wanted" != "$(printf '%s' "$root" | tr -d ':')" ]; then
    finding 'root.pem: NOT the root of this fingerprint'
fi

sealed_at=$(signing_time MANIFEST.p7s)
if [ -z "$sealed_at" ] || ! signature_holds MANIFEST.p7s MANIFEST root.pem \
    "$(seconds "$sealed_at")" "$scratch/seal.pem"
then
    finding 'MANIFEST: the seal does NOT hold'
elif ! certificate_facts "$scratch/seal.pem" | sed -n '/Extended Key Usage/,$p' |
    grep -Eq '^ +(1[.]3[.]6[.]1[.]5[.]5[.]7[.]3[.]36|Document Sign[a-z]*)$'
then
    finding 'MANIFEST: sealed by somebody who seals no evidence'
fi
if grep -Evq '^[0-9a-f]{64}  [A-Za-z0-9][A-Za-z0-9._-]*$' MANIFEST; then
    finding 'MANIFEST: holds a line that is none'
fi
sha256sum --check MANIFEST 2>/dev/null | sed -nE \
    -e 's/: FAILED open or read$/: missing/p' -e 's/: FAILED$/: changed/p' >"$scratch/files"
while IFS= read -r line; do
    finding "$line"
done <"$scratch/files"

# --- what the evidence is about ------------------------------------------------------------------
about=$(sed -nE 's/^(\{"made_at":"[^"\\]*","reference":"[A-Za-z0-9-]+","state":"[A-Z]+"\})$/\1/p' \
    request.json)
reference=$(printf '%s' "$about" | sed -E 's/.*"reference":"([^"]*)".*/\1/')
state=$(printf '%s' "$about" | sed -E 's/.*"state":"([^"]*)".*/\1/')
[ -n "$about" ] || finding 'request.json: cannot be read'
echo "Request $reference, $state when sealed"

# --- one decision --------------------------------------------------------------------------------
# The end of every statement on one request: names in alphabetical order, and no free text in it
# that could hold a quotation mark, so that it is found from the line's end without any doubt.
H='[0-9a-f]{64}'
W='[^"\\]*'
MOMENT='[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z'
TAIL="\"iat\":\"$MOMENT\",\"nonce\":\"$W\",\"policy\":\{\"id\":\"$W\",\"sha256\":\"$H\"\}"
TAIL="$TAIL,\"prev\":(null|\"$H\"),\"request\":\{\"id\":\"$W\",\"revision\":\"[0-9]+\",\"sha256\":\"$H\"\}"
TAIL="$TAIL,\"signer\":\{\"certificate_sha256\":\"$H\",\"user\":\"$W\"\}"
TAIL="$TAIL,\"step\":\{\"no\":\"[0-9]+\",\"of\":\"[0-9]+\",\"role\":\"$W\"\}"
TAIL="$TAIL,\"text_sha256\":\"$H\",\"typ\":\"decision\",\"v\":\"1\""
HEAD="\"action\":\"[a-z]+\",\"aud\":\"$W\",\"exp\":\"$MOMENT\",\"facts\":\{"

moment() { printf '%s' "$1" | tr -d 'TZ:-'; }

# Set $value to what follows $2 in $1, up to the next quotation mark.
after() {
    value=${1#*"$2"}
    value=${value%%\"*}
}

# Read a statement into $action, $revision, $no and the like.
read_statement() {
    start=$(sed -nE "s/^\{($HEAD).*\}\$/\1/p" "$1")
    tail=$(sed -nE "s/^\{$HEAD.*\},($TAIL)\}\$/\1/p" "$1")
    [ -n "$tail" ] && [ "$(wc -l <"$1")" -eq 0 ] || return 1
    after "$start" '"action":"' && action=$value
    after "$start" '"exp":"' && expires=$value
    after "$tail" '"iat":"' && issued=$value
    tail=${tail#*'"policy":'}
    after "$tail" '"sha256":"' && policy_sha256=$value
    previous=${tail#*'"prev":'}
    previous=${previous%%,*}
    tail=${tail#*'"request":'}
    after "$tail" '"id":"' && id=$value
    after "$tail" '"revision":"' && revision=$value
    after "$tail" '"sha256":"' && content_sha256=$value
    after "$tail" '"certificate_sha256":"' && certificate_sha256=$value
    after "$tail" '"user":"' && user=$value
    after "$tail" '"no":"' && no=$value
    after "$tail" '"of":"' && of=$value
    after "$tail" '"role":"' && role=$value
    after "$tail" '"text_sha256":"' && text_sha256=$value
}

# The digest that a decision of this revision and step carries of the step before.
expected_previous() {
    awk -v revision="$revision" -v before="$((no - 1))" '
        $1 == revision && $2 == before { list = list (list == "" ? "" : ",") "\"" $3 "\"" }
        END { if (list != "") printf "[%s]", list }' "$scratch/taken" >"$scratch/before"
    if [ -s "$scratch/before" ]; then
        printf '"%s"' "$(file_digest "$scratch/before")"
    else
        printf 'null'
    fi
}

check_statement() {
    name=$1
    frozen=$(printf '%03d' "$revision")
    [ "$id" = "$reference" ] || finding "$name: about another request"
    [ "$certificate_sha256" = "$(certificate_digest "$scratch/beside")" ] ||
        finding "$name: the statement names another certificate"
    # The bank's certificates carry the signer's number. Another authority's do not know it: there
    # the signer signs to it, in the statement that also names the certificate.
    if [ "$trusted" = root.pem ]; then
        grep -Eq "^ +serialNumber += $user\$" "$scratch/beside" ||
            finding "$name: the certificate is not the signer's"
    fi
    [ "$text_sha256" = "$(file_digest "$name.txt")" ] || finding "$name: other words were shown"
    [ "$content_sha256" = "$(file_digest "revision-$frozen.json")" ] ||
        finding "$name: revision $revision had another content"
    [ "$policy_sha256" = "$(file_digest "policy-$frozen.json")" ] ||
        finding "$name: another policy was in force"
    [ "$previous" = "$(expected_previous)" ] ||
        finding "$name: NOT the decisions that were there before it"
    if [ "$signed" -lt "$(moment "$issued")" ] || [ "$signed" -gt "$(moment "$expires")" ]; then
        finding "$name: signed outside the time allowed"
    fi
}

# What the responder said when the signature was accepted: good, then, about this certificate.
check_ocsp() {
    name=$1
    if ! openssl ocsp -respin "$name.ocsp.der" -issuer "$name.ca.pem" -cert "$name.pem" \
        -CAfile "$trusted" -no-CApath -no-CAstore -verify_other "$name.ca.pem" \
        -no_nonce -attime "$at" -validity_period 315360000 >"$scratch/ocsp" 2>"$scratch/openssl"
    then
        finding "$name: the answer about the certificate does NOT hold"
    elif ! grep -q "^$name\.pem: good\$" "$scratch/ocsp"; then
        finding "$name: the certificate was NOT good"
    else
        from=$(compact "$(sed -n 's/^[[:space:]]*This Update: //p' "$scratch/ocsp")")
        until=$(compact "$(sed -n 's/^[[:space:]]*Next Update: //p' "$scratch/ocsp")")
        # Taken between signing and accepting; a sign request lives five minutes.
        if [ "$(seconds "$from")" -gt $((at + 330)) ] || [ "$(seconds "$until")" -lt $((at - 10)) ]; then
            finding "$name: the answer about the certificate is of another time"
        fi
    fi
}

check_stamp() {
    name=$1
    said=$(openssl ts -reply -in "$name.tsr" -text 2>/dev/null | sed -n 's/^Time stamp: //p')
    stamped=$(compact "$said")
    stamper=root.pem
    listed "$name.tsa-root.pem" && stamper=$name.tsa-root.pem
    if [ -z "$said" ] || ! openssl ts -verify -data "$name.p7s" -in "$name.tsr" \
        -CAfile "$stamper" -attime "$(seconds "$stamped")" >/dev/null 2>"$scratch/openssl"
    then
        finding "$name: the time stamp does NOT hold"
    elif [ "$(seconds "$stamped")" -lt $((at - 60)) ]; then
        finding "$name: stamped before it was signed"
    fi
}

check_decision() {
    name=$1
    signed=$(signing_time "$name.p7s")
    if [ -z "$signed" ] || ! read_statement "$name.json"; then
        finding "$name: NOT VALID, cannot be read"
        return
    fi
    at=$(seconds "$signed")
    trusted=root.pem
    powers='Non Repudiation'
    if listed "$name.root.pem"; then
        # Another authority may let the key sign other things besides.
        trusted=$name.root.pem
        powers='([A-Z][A-Za-z ]+, )*Non Repudiation(, [A-Z][A-Za-z ]+)*'
    fi
    certificate_facts "$name.pem" >"$scratch/beside"
    if ! signature_holds "$name.p7s" "$name.json" "$trusted" "$at" "$scratch/who.pem"; then
        finding "$name: NOT VALID"
    elif ! certificate_facts "$scratch/who.pem" >"$scratch/who" ||
        [ "$(certificate_digest "$scratch/who")" != "$(certificate_digest "$scratch/beside")" ]
    then
        finding "$name: signed by another certificate"
    elif ! grep -Eq "^ +$powers\$" "$scratch/who"; then
        finding "$name: the certificate is not for signing"
    fi
    check_statement "$name"
    # A certificate of an outside authority, sealed as such, may be judged by its list alone.
    if [ "$trusted" = root.pem ] || listed "$name.ocsp.der"; then
        check_ocsp "$name"
    fi
    check_stamp "$name"
    echo "$revision $no $(file_digest "$name.p7s") $action" >>"$scratch/taken"
    echo "$name: $action, revision $revision, step $no of $of ($role), signed $(at_length "$signed")"
    sed -nE 's/^ +commonName += (.*)$/    by \1/p' "$scratch/beside"
    echo "    stamped $(at_length "$stamped")"
}

at_length() { printf '%s' "$1" | sed -E 's/(.{4})(..)(..)(..)(..)(..)/\1-\2-\3 \4:\5:\6 UTC/'; }

cut -c 67- MANIFEST | sed -nE 's/^(decision-[0-9]+)\.p7s$/\1/p' | sort >"$scratch/decisions"
[ -s "$scratch/decisions" ] || finding 'There is no decision.'
while IFS= read -r decision; do
    check_decision "$decision"
done <"$scratch/decisions"

# A released request has a full last stage, and before it every stage the policy asks for.
if [ "$state" = RELEASED ] && [ -s "$scratch/taken" ]; then
    last=$(awk 'END { print $1 }' "$scratch/taken")
    grep -oE '"needed":"[0-9]+","number":"[0-9]+"' "policy-$(printf '%03d' "$last").json" |
        sed -E 's/[^0-9]+/ /g' | while read -r needed number; do
        taken=$(awk -v r="$last" -v n="$number" '
            $1 == r && $2 == n && ($4 == "review" || $4 == "release") { c++ } END { print c + 0 }' \
            "$scratch/taken")
        [ "$taken" -eq "$needed" ] || echo "step $number: $taken of $needed decisions"
    done >"$scratch/stages"
    [ ! -s "$scratch/stages" ] || finding "released without all decisions: $(cat "$scratch/stages")"
    [ "$(awk 'END { print $4 }' "$scratch/taken")" = release ] || finding 'released by no release'
fi

# --- the bank's log ------------------------------------------------------------------------------
# Entries on this request stand in full and are hashed again; of entries on other matters between
# them only place and hashes are given, so that none can be taken out or put in.
LINE="\{\"chain\":\"($W)\",(\"fact\":(\{.*\}),)?\"hash\":\"($H)\",\"position\":([0-9]+),\"previous_hash\":\"($H)\"\}"
octal() {
    awk -v h="$1" 'BEGIN {
        d = "0123456789abcdef"
        for (i = 1; i < 64; i += 2)
            printf "\\%03o", (index(d, substr(h, i, 1)) - 1) * 16 + index(d, substr(h, i + 1, 1)) - 1
    }'
}
sed -nE "s/^$LINE\$/\1 \5 \6 \4/p" audit.jsonl >"$scratch/links"
[ "$(wc -l <"$scratch/links")" -eq "$(wc -l <audit.jsonl)" ] ||
    finding 'audit.jsonl: holds a line that is none'
awk '
    $1 == chain && ($2 != position + 1 || $3 != hash) { print "broken before " $1 " " $2 }
    $1 != chain && ($1 in seen) { print "chain " $1 " comes twice" }
    { chain = $1; position = $2; hash = $4; seen[chain] = 1 }' "$scratch/links" >"$scratch/breaks"
while IFS= read -r broken; do
    finding "audit.jsonl: $broken"
done <"$scratch/breaks"
grep '"fact":' audit.jsonl >"$scratch/facts"
: >"$scratch/told"
while IFS= read -r line; do
    fact=$(printf '%s\n' "$line" | sed -E "s/^$LINE\$/\3/")
    place=$(printf '%s\n' "$line" | sed -E "s/^$LINE\$/\1 \5/")
    before=$(printf '%s\n' "$line" | sed -E "s/^$LINE\$/\6/")
    hash=$(printf '%s\n' "$line" | sed -E "s/^$LINE\$/\4/")
    # The format is made of octal digits alone.
    # shellcheck disable=SC2059
    again=$({ printf "$(octal "$before")"; printf '%s' "$fact"; } | digest)
    [ "$again" = "$hash" ] || finding "audit.jsonl: entry $place was changed"
    case $fact in
    *",\"position\":${place#* },"*",\"target\":\"request:$reference\"}") ;;
    *) finding "audit.jsonl: entry $place is about something else" ;;
    esac
    printf '%s\n' "$fact" | sed -nE \
        "s/^.*\"after\":\{[^{}]*\"signature\":\"($H)\"[^{}]*\},\"at\":\"([^\"]*)\".*\$/\2 \1/p" \
        >>"$scratch/told"
done <"$scratch/facts"
sort -s -k 1,1 "$scratch/told" | cut -d ' ' -f 2 >"$scratch/told.order"
cut -d ' ' -f 3 "$scratch/taken" >"$scratch/taken.order"
[ "$(cat "$scratch/told.order")" = "$(cat "$scratch/taken.order")" ] ||
    finding 'audit.jsonl: tells of other decisions, or in another order'
cut -c 67- MANIFEST | sed -nE 's/^(revision-[0-9]+\.json)$/\1/p' | sort >"$scratch/revisions"
while IFS= read -r frozen; do
    grep '"event":"approvals.request.submitted"' "$scratch/facts" |
        grep -q "\"sha256\":\"$(file_digest "$frozen")\"" ||
        finding "audit.jsonl: does not tell that $frozen was submitted"
done <"$scratch/revisions"

# --- the end -------------------------------------------------------------------------------------
if [ -s "$scratch/findings" ]; then
    echo 'The evidence does NOT hold.' >&2
    exit 1
fi
echo 'Every signature holds, and so does everything they rest on.'
