"""What may not stand in any file: other people's machines, secrets, foreign words."""

import re

import pytest

from tests.house.tree import PROJECT, own_files, text_of

# Written in pieces, so that this file does not find itself.
INDEX_HOSTS = re.compile("py" r"pi\.org|python" r"hosted\.org|npm" r"js\.(?:org|com)")
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:wor" r"k|tmp/pl" r"an|roo" r"t|home/(?!corpbank)\w+)/")
SECRETS = {
    "a private key": re.compile("-----BEGIN" + r" (?:[A-Z]+ )*PRIVATE KEY-----\n[A-Za-z0-9+/]{20}"),
    "a cloud key": re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    "an access token": re.compile(r"\b(?:gh[pousr]_|glpat-|xox[baprs]-)[A-Za-z0-9_-]{20,}"),
    "a password in an address": re.compile(
        r"\b(?:postgres(?:ql)?|rediss?|amqp|https?)://[\w.-]*:"
        r"(?!only-for-tests@|password@)[^\s@/{}<>$%…:\"']+@"
    ),
    "a secret key": re.compile(
        r"(?:SECRET_KEY|PASSPHRASE|HASH_KEY|TOKEN)[\"']?\s*[=:]\s*[\"'](?!(?:only|secret)-for-)[\w+/=-]{12,}[\"']"
    ),
}


def _places(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for path in own_files():
        for number, line in enumerate((text_of(path) or "").splitlines(), 1):
            if pattern.search(line):
                found.append(f"{path.relative_to(PROJECT)}:{number}")
    return found


def test_no_package_index_is_named() -> None:
    assert _places(INDEX_HOSTS) == []


def test_no_path_of_somebodys_machine_is_named() -> None:
    assert _places(MACHINE_PATHS) == []


@pytest.mark.req("PWD-3")
def test_no_secret_lies_in_the_tree() -> None:
    assert {what: places for what, pattern in SECRETS.items() if (places := _places(pattern))} == {}


def test_the_patterns_find_what_they_are_meant_to_find() -> None:
    assert INDEX_HOSTS.search("https://files.python" + "hosted.org/packages/x")
    assert MACHINE_PATHS.search("open('/ro" + "ot/notes')")
    assert SECRETS["a password in an address"].search("postgresql://app:hunter" + "2@db/corpbank")
    assert not SECRETS["a password in an address"].search("postgresql://user:password@host/name")
    assert SECRETS["a secret key"].search('SECRET_KEY = "abcdefgh' + 'ijklmnop"')
    assert not SECRETS["a secret key"].search('SECRET_KEY = environment.required("SECRET_KEY")')
