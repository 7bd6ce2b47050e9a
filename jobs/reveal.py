"""Open encrypted columns for who may see them; see `strongroom/flows/reveal.py`."""

from strongroom.launch import main

if __name__ == "__main__":
    main("reveal", spark=True)
