"""Ask the policy, see all of it, compare two policies; see `strongroom/flows/access.py`."""

from strongroom.launch import main

if __name__ == "__main__":
    main("access", spark=False)
