"""Check settings, policy and contracts before they are run; see `strongroom/flows/check.py`."""

from strongroom.launch import main

if __name__ == "__main__":
    main("check", spark=False)
