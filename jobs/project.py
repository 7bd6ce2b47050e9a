"""Give roles what they may read in files of their own; see `strongroom/flows/project.py`."""

from strongroom.launch import main

if __name__ == "__main__":
    main("project", spark=True)
