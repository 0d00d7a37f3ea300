# SPDX-License-Identifier: Apache-2.0
"""A .tgz whose bytes depend only on its content and the commit's date."""

import io
import tarfile
from collections.abc import Mapping

from images.layer import gzipped


def make_tgz(files: Mapping[str, bytes], epoch: int) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in sorted(files.items()):
            header = tarfile.TarInfo(name)  # uid and gid are 0
            header.mode, header.mtime, header.size = 0o644, epoch, len(data)
            tar.addfile(header, io.BytesIO(data))
    return gzipped(content.getvalue(), level=9)
