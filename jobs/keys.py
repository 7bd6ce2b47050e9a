"""List, rotate, move and destroy keys; see `strongroom/flows/keys.py`."""

from strongroom.launch import main

if __name__ == "__main__":
    main("keys", spark=False)
