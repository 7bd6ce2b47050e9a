"""Turn the texts of a training table into TF-IDF features; see `strongroom/flows/vectorize.py`."""

from strongroom.launch import main

if __name__ == "__main__":
    main("vectorize", spark=True)
