"""List, rotate, move and destroy keys; see `strongroom/flows/keys/__init__.py`."""

from strongroom.run_job import main

if __name__ == "__main__":
    main("keys", spark=False)
