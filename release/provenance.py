# SPDX-License-Identifier: Apache-2.0
"""The provenance of a release as an in-toto statement with SLSA's predicate
(https://slsa.dev/provenance/v1). It contains no times and no machine names, because another run
must produce the same bytes."""

import hashlib
import json
from collections.abc import Mapping

from images.packages import describe
from images.sbom import package_url

from release.tree import Tree

# docs/releasing.md explains it.
BUILD_TYPE = "https://dualtrace.dev/release/v1"
# Packages that affect the programs' bytes but are in no image's inventory.
_TOOLS = ["binutils", "cmake", "g++-12", "ninja-build"]
_TOOLS += ["protobuf-compiler", "protobuf-compiler-grpc"]
_CROSS_TOOLS = ["binutils-aarch64-linux-gnu", "g++-12-aarch64-linux-gnu"]


def render(
    tree: Tree,
    parameters: dict,
    artifacts: Mapping[str, bytes],
    images: Mapping[str, str],
    source: str | None,
    builder: str,
) -> bytes:
    """`artifacts` are files by name, `images` digests by name."""
    subjects = {name: hashlib.sha256(data).hexdigest() for name, data in artifacts.items()}
    subjects |= {name: digest.removeprefix("sha256:") for name, digest in images.items()}
    tools = _TOOLS + (_CROSS_TOOLS if "arm64" in parameters["architectures"] else [])
    packages = sorted(set(describe(tools).values()))
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {"name": name, "digest": {"sha256": digest}}
            for name, digest in sorted(subjects.items())
        ],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": parameters,
                "resolvedDependencies": [
                    {
                        "digest": {"gitCommit": tree.revision.commit},
                        **({"uri": f"git+{source}"} if source else {}),
                    },
                    *[{"uri": package_url(package)} for package in packages],
                ],
            },
            "runDetails": {"builder": {"id": builder}},
        },
    }
    return (json.dumps(statement, indent=1, sort_keys=True) + "\n").encode()
