"""The package: what is under lib/, and what it needs (requirements.in). Its version is in strongroom/__init__.py."""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
VERSION = re.search(r'__version__ = "([^"]+)"', (ROOT / "lib/strongroom/__init__.py").read_text(encoding="utf-8"))[1]
LINES = (ROOT / "requirements.in").read_text(encoding="utf-8").splitlines()
REQUIREMENTS = [line.split("#")[0].strip() for line in LINES if line.split("#")[0].strip()]

setup(
    name="strongroom",
    version=VERSION,
    description="Makes raw tables of a data lake fit and lawful to train on, and proves it",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    package_dir={"": "lib"},
    packages=find_packages("lib"),
    package_data={"strongroom.learn.features": ["stop_words.txt"]},
    python_requires=">=3.11",
    install_requires=REQUIREMENTS,
    extras_require={"aws": ["boto3"]},
)
