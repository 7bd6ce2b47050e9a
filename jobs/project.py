"""Give roles what they may read in files of their own; see `strongroom/flows/project/__init__.py`."""

from strongroom.run_job import main

if __name__ == "__main__":
    main("project", spark=True)
