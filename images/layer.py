# SPDX-License-Identifier: Apache-2.0
"""One layer of an image: a tar whose bytes depend only on its content."""

import hashlib
import io
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath


@dataclass(frozen=True)
class File:
    """A regular file, owned by root and with the time 1970, whatever they are on this machine."""

    content: Path | bytes
    mode: int = 0o644

    def read(self) -> bytes:
        return self.content if isinstance(self.content, bytes) else self.content.read_bytes()


@dataclass(frozen=True)
class Link:
    """A symbolic link."""

    target: str


Entries = Mapping[str, File | Link]  # by their absolute path in the image


def _header(place: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(place.lstrip("/"))
    header.type, header.mode = kind, mode
    return header  # uid, gid and mtime are 0


def folders_of(entries: Entries) -> set[str]:
    """Every folder that contains one of them, without the root."""
    return {str(folder) for place in entries for folder in list(PurePosixPath(place).parents)[:-1]}


def make_tar(entries: Entries) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for place in sorted({*entries, *folders_of(entries)}):
            entry = entries.get(place)
            if isinstance(entry, File):
                data = entry.read()
                header = _header(place, tarfile.REGTYPE, entry.mode)
                header.size = len(data)
                tar.addfile(header, io.BytesIO(data))
            elif isinstance(entry, Link):
                header = _header(place, tarfile.SYMTYPE, 0o777)
                header.linkname = entry.target
                tar.addfile(header)
            else:
                tar.addfile(_header(place, tarfile.DIRTYPE, 0o755))
    return content.getvalue()


def gzipped(content: bytes, level: int) -> bytes:
    """Compresses with a header that contains neither a time nor a name."""
    packer = zlib.compressobj(level=level, wbits=31)
    return packer.compress(content) + packer.flush()


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass(frozen=True)
class Layer:
    name: str  # for people
    entries: Entries

    @cached_property
    def _tar(self) -> bytes:
        return make_tar(self.entries)

    @cached_property
    def diff_id(self) -> str:
        """The digest of the uncompressed tar."""
        return digest_of(self._tar)

    @cached_property
    def blob(self) -> bytes:
        """The tar, compressed with gzip."""
        return gzipped(self._tar, level=6)  # 9 saves 1 % and takes three times as long

    @property
    def unpacked_size(self) -> int:
        return sum(len(one.read()) for one in self.entries.values() if isinstance(one, File))
