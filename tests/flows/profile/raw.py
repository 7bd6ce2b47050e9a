"""Raw files of a lake, for the tests of `profile`."""


def put(place, data, name="data.csv", table="odd"):
    file = place.lake / "raw" / table / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    return file
