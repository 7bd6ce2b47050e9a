"""The package: what is under lib/, with conf/ and jobs/ as its data, and what it needs (requirements.in).

Everything else about it stands in pyproject.toml; its version is in strongroom/__init__.py.
"""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
VERSION = re.search(r'__version__ = "([^"]+)"', (ROOT / "lib/strongroom/__init__.py").read_text(encoding="utf-8"))[1]
LINES = [line.split("#")[0].strip() for line in (ROOT / "requirements.in").read_text(encoding="utf-8").splitlines()]
SPARK = [line for line in LINES if re.match(r"(pyspark|delta-spark)\b", line)]
"""A platform that brings its own Spark does not want another."""

setup(
    version=VERSION,
    package_dir={"": "lib", "strongroom.conf": "conf", "strongroom.jobs": "jobs"},
    packages=[*find_packages("lib"), "strongroom.conf", "strongroom.conf.contracts", "strongroom.jobs"],
    package_data={
        "strongroom": ["py.typed"],
        "strongroom.core.contract": ["odcs-*.json"],
        "strongroom.learn.features": ["stop_words.txt"],
        "strongroom.text": ["data/*"],
        "strongroom.conf": ["*.yaml", "jars.lock", "log4j2.properties"],
        "strongroom.conf.contracts": ["*.yaml"],
    },
    install_requires=[line for line in LINES if line and line not in SPARK],
    extras_require={
        "spark": SPARK,
        "aws": ["boto3"],
        "jupyter": ["ipykernel"],
        "schemas": ["fastavro", "sqlglot"],
        "language": ["py3langid"],
        "ner": ["onnxruntime", "tokenizers"],
    },
)
