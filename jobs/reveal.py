"""Open encrypted columns for who may see them; see `strongroom/flows/reveal/__init__.py`."""

from strongroom.run_job import main

if __name__ == "__main__":
    main("reveal", spark=True)
