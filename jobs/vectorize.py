"""Turn the texts of a training table into TF-IDF features; see `strongroom/flows/vectorize/__init__.py`."""

from strongroom.run_job import main

if __name__ == "__main__":
    main("vectorize", spark=True)
