# SPDX-License-Identifier: Apache-2.0
"""Fetches the Delta Lake jars that Spark needs, pinned, into a folder: spark_jars.py FOLDER.

Delta's artifact name carries Spark's minor version: both pins move together (spark.txt).
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

DELTA = "io.delta:delta-spark_4.2_2.13:4.4.0"
# What they bring beyond these is in Spark already.
WANTED = ("io.delta_", "io.unitycatalog_")


def main(folder: Path) -> None:
    os.environ.pop("SPARK_HOME", None)
    os.environ["SPARK_LOCAL_HOSTNAME"] = "localhost"  # no machine need know its own name
    from pyspark.sql import SparkSession

    with tempfile.TemporaryDirectory() as ivy:
        session = (
            SparkSession.builder.master("local[1]")
            .config("spark.jars.packages", DELTA)
            .config("spark.jars.ivy", ivy)
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.ui.enabled", "false")
            .getOrCreate()
        )
        session.stop()
        folder.mkdir(parents=True, exist_ok=True)
        for jar in Path(ivy, "jars").glob("*.jar"):
            if jar.name.startswith(WANTED):
                shutil.copy(jar, folder)
    if not list(folder.glob("io.delta_delta-spark*")):
        sys.exit(f"no {DELTA} among what was fetched")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
