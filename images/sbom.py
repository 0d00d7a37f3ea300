# SPDX-License-Identifier: Apache-2.0
"""The content of an image as SPDX 2.3: the program, each Debian package with its files in the
image, and the packages whose headers are compiled in."""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from images.layer import File, digest_of
from images.packages import Package, spdx_license
from images.version import Revision, project_license

_UNKNOWN = "NOASSERTION"


def _id(kind: str, name: str) -> str:
    return f"SPDXRef-{kind}-" + re.sub(r"[^A-Za-z0-9.-]", "-", name.replace("+", "plus"))


def _sha1(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def _distribution() -> str:
    text = Path("/etc/os-release").read_text()
    fields = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', text, re.MULTILINE))
    return f"{fields['ID']}-{fields.get('VERSION_ID', 'unstable')}"


def package_url(package: Package) -> str:
    where = f"arch={package.architecture}&distro={_distribution()}&upstream={package.source}"
    return f"pkg:deb/debian/{quote(package.name)}@{quote(package.version)}?{where}"


def _file(place: str, file: File) -> dict:
    content = file.read()
    return {
        "SPDXID": _id("File", place.lstrip("/")),
        "fileName": f".{place}",
        "checksums": [
            {"algorithm": "SHA1", "checksumValue": _sha1(content)},
            {"algorithm": "SHA256", "checksumValue": digest_of(content).removeprefix("sha256:")},
        ],
        "licenseConcluded": _UNKNOWN,
        "copyrightText": _UNKNOWN,
    }


def _package(name: str, version: str, files: list[dict], **more) -> dict:
    described = {
        "SPDXID": _id("Package", name),
        "name": name,
        "versionInfo": version,
        "downloadLocation": _UNKNOWN,
        "filesAnalyzed": bool(files),
        "licenseConcluded": _UNKNOWN,
        "licenseDeclared": _UNKNOWN,
        "copyrightText": _UNKNOWN,
        **more,
    }
    if files:
        sums = sorted(one["checksums"][0]["checksumValue"] for one in files)
        code = _sha1("".join(sums).encode())
        described["packageVerificationCode"] = {"packageVerificationCodeValue": code}
        described["hasFiles"] = [one["SPDXID"] for one in files]
    return described


def _debian_package(package: Package, files: list[dict]) -> dict:
    declared = spdx_license(package.copyright())
    return _package(
        package.name,
        package.version,
        files,
        supplier="Organization: Debian",
        sourceInfo=f"built from Debian's source package {package.source} {package.source_version}",
        licenseDeclared=declared or _UNKNOWN,
        licenseComments=f"The license as Debian states it is in {package.copyright_file}",
        externalRefs=[
            {
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": package_url(package),
            }
        ],
    )


def _relation(one: str, kind: str, other: str) -> dict:
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}


def render(
    program: str,
    tag: str,
    revision: Revision,
    own: Mapping[str, File],
    packaged: Mapping[Package, Mapping[str, File]],
    compiled_in: set[Package],
) -> bytes:
    """`own` are the files that belong to no package; `packaged` are those of each package, by
    place."""
    lists = {
        package: [_file(place, file) for place, file in sorted(files.items())]
        for package, files in sorted(packaged.items())
    }
    own_list = [_file(place, file) for place, file in sorted(own.items())]
    root = _package(
        program,
        tag,
        own_list,
        supplier="Organization: dualtrace",
        licenseDeclared=project_license(),
        sourceInfo=f"built from commit {revision.commit}",
        primaryPackagePurpose="APPLICATION",
    )
    content = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"{program}-{tag}",
        "creationInfo": {"created": revision.created, "creators": ["Tool: dualtrace-images"]},
        "packages": [root, *[_debian_package(one, files) for one, files in lists.items()]],
        "files": sorted(own_list + sum(lists.values(), []), key=lambda one: one["fileName"]),
        "relationships": [
            _relation("SPDXRef-DOCUMENT", "DESCRIBES", root["SPDXID"]),
            *[
                _relation(
                    root["SPDXID"],
                    "STATIC_LINK" if package in compiled_in else "DEPENDS_ON",
                    _id("Package", package.name),
                )
                for package in lists
            ],
        ],
    }
    identity = digest_of(json.dumps(content, sort_keys=True).encode()).removeprefix("sha256:")
    content["documentNamespace"] = f"https://dualtrace.dev/spdx/{program}/{tag}/{identity}"
    return (json.dumps(content, indent=1, sort_keys=True) + "\n").encode()
