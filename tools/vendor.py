"""Fetch the pinned parts with the npm client and copy only what screens and letters use.

Run by ``make vendor``. Every archive must match its pinned SHA-512 before a byte is taken from it.
Writes ``static/vendor/manifest.json``: name, version, licence, integrity, and per file its SHA-256.
Exit status 1 and one sentence when the npm client is missing or an archive is not the pinned one.
"""

import base64
import hashlib
import io
import json
import re
import shutil
import subprocess  # the npm client is the one door to the registry
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MANIFEST = ROOT / "static" / "vendor" / "manifest.json"
FONT_FOLDER = "branch_ops/formats/fonts"
ICON_FOLDER = "templates/icons"
ICON_NAMES = (
    "alert-triangle", "arrow-back-up", "arrow-left", "arrow-right", "arrows-right-left",
    "building-bank", "calendar", "certificate", "check", "chevron-left", "chevron-right",
    "circle-check", "clock", "devices", "download", "home", "inbox", "info-circle", "lock",
    "logout", "menu-2", "pencil", "plus", "printer", "search", "shield-check", "signature",
    "user", "x",
)  # fmt: skip
SOURCE_MAP = re.compile(r"\n?/\*# sourceMappingURL=[^*]*\*/\s*$")
MIT_TEXT = """MIT License

Copyright (c) 2018-2026 The Tabler Authors
Copyright (c) 2018-2026 codecalm.net Paweł Kuna

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""


class VendorError(Exception):
    """Say in one sentence why the parts could not be fetched."""


@dataclass(frozen=True)
class Part:
    """Name one pinned package and where its files go.

    files maps a path inside the archive to a path in this repository.
    """

    name: str
    version: str
    licence: str
    integrity: str
    files: dict[str, str]


PARTS = (
    Part(
        name="@tabler/core",
        version="1.6.1",
        licence="MIT",
        integrity="sha512-lgmR9gcxRp5JlLxcmRi9Rz85JrEvH6Bz71KnlcPVSa97wtwQNjgSs3g3fxwbAlulHyRMghhIV04QUuW3pqDsIg==",
        files={"package/dist/css/tabler.min.css": "static/vendor/tabler/tabler.min.css"},
    ),
    Part(
        name="@tabler/icons",
        version="3.51.0",
        licence="MIT",
        integrity="sha512-0pinvPZz7YeX+OSfxuEAbnEPWbocVXW5iU8h5lh41pYG8sZuQfpWECC980lxOT0clGIcNGn8xsBr+zKaRGdA/g==",
        files={"package/LICENSE": f"{ICON_FOLDER}/LICENSE"}
        | {f"package/icons/outline/{name}.svg": f"{ICON_FOLDER}/{name}.svg" for name in ICON_NAMES},
    ),
    Part(
        name="axe-core",
        version="4.14.1",
        licence="MPL-2.0",
        integrity="sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
        files={
            "package/axe.min.js": "tests/vendor/axe/axe.min.js",
            "package/LICENSE": "tests/vendor/axe/LICENSE",
        },
    ),
    Part(  # for letters as PDF; pages use the reader's own fonts
        name="@expo-google-fonts/noto-sans-tc",
        version="0.4.3",
        licence="OFL-1.1",
        integrity="sha512-69XAOTLPz0WlAxL6qJEKlDMxHsBd4J1M39HjV0gPF2o1xWVALOsVWvDgistnecVockA9wbU/tH5C/gyS2PdnHg==",
        files={
            "package/LICENSE_FONT": f"{FONT_FOLDER}/LICENSE",
            "package/400Regular/NotoSansTC_400Regular.ttf": f"{FONT_FOLDER}/NotoSansTC-Regular.ttf",
            "package/700Bold/NotoSansTC_700Bold.ttf": f"{FONT_FOLDER}/NotoSansTC-Bold.ttf",
        },
    ),
)


def fetch(part: Part, folder: Path) -> bytes:
    """Return the package's archive; raise VendorError when it is not the pinned one."""
    npm = shutil.which("npm")
    if npm is None:
        raise VendorError("The npm client is needed to fetch browser parts; please install npm.")
    wanted = f"{part.name}@{part.version}"
    command = [npm, "pack", "--json", "--pack-destination", str(folder), wanted]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise VendorError(f"npm could not fetch {wanted}: {answer.stderr.strip()[-200:]}")
    archive = (folder / json.loads(answer.stdout)[0]["filename"]).read_bytes()
    found = "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode()
    if found != part.integrity:
        raise VendorError(f"{wanted} is not the pinned archive: {found}")
    return archive


def icon_partial(source: str) -> str:
    """Return an icon as a decorative inline SVG: the words beside it carry the meaning."""
    shapes = re.findall(r"<(?:path|circle|rect|line)\b[^>]*/>", source)
    drawn = [shape for shape in shapes if 'stroke="none"' not in shape]
    opening = (
        '<svg class="icon" viewBox="0 0 24 24" width="20" height="20" fill="none" '
        'stroke="currentColor" stroke-width="2" stroke-linecap="round" '
        'stroke-linejoin="round" aria-hidden="true" focusable="false">'
    )
    return opening + "".join(re.sub(r"\s+", " ", shape) for shape in drawn) + "</svg>\n"


def prepared(target: str, content: bytes) -> bytes:
    """Return the file as it is served: icons as partials, style sheets without source-map notes."""
    if target.endswith(".svg"):
        return icon_partial(content.decode()).encode()
    if target.endswith(".css"):
        return SOURCE_MAP.sub("\n", content.decode()).encode()
    return content


def unpack(part: Part, archive: bytes) -> dict[str, str]:
    """Write the wanted files; return repository path -> SHA-256 in hex."""
    digests = {}
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as package:
        for inside, target in part.files.items():
            member = package.extractfile(inside)
            if member is None:
                raise VendorError(f"{part.name} no longer holds {inside}.")
            digests[target] = write(target, prepared(target, member.read()))
    return digests


def write(target: str, content: bytes) -> str:
    """Write one file below the repository; return its SHA-256 in hex."""
    path = ROOT / target
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def main() -> int:
    """Fetch every part and write the manifest; return the exit status."""
    manifest = []
    try:
        for part in PARTS:
            with tempfile.TemporaryDirectory() as folder:
                files = unpack(part, fetch(part, Path(folder)))
            if part.name == "@tabler/core":  # the archive names its licence but holds no copy
                licence = "static/vendor/tabler/LICENSE"
                files[licence] = write(licence, MIT_TEXT.encode())
            manifest.append(
                {
                    "name": part.name,
                    "version": part.version,
                    "licence": part.licence,
                    "integrity": part.integrity,
                    "files": dict(sorted(files.items())),
                }
            )
    except VendorError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    MANIFEST.parent.mkdir(parents=True, exist_ok=True)
    MANIFEST.write_text(json.dumps(manifest, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
