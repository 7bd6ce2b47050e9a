"""What only the word before it tells: passports, licences, records, plates, postcodes; and coordinates."""

import pytest

from support.finding import found, of


@pytest.mark.parametrize(
    ("entity", "text", "letters", "why"),
    [
        ("passport", "passport number: 533401372", "533401372", ""),
        ("passport", "Pasaporte nº AAA123456", "AAA123456", "Spanish"),
        ("passport", "Reisepass C01X00T47", "C01X00T47", "German"),
        ("driving_licence", "driver's license F162823540116", "F162823540116", ""),
        ("driving_licence", "Führerschein B072RRE2I55", "B072RRE2I55", "German"),
        ("medical_record", "MRN: 00123456", "00123456", ""),
        ("medical_record", "NHC: 2569870.", "2569870", "Spanish"),
        ("vehicle_plate", "license plate 7ABC123", "7ABC123", ""),
        ("vehicle_plate", "matrícula 1234 BCD", "1234 BCD", "Spanish"),
        ("vehicle_plate", "Kennzeichen B-AB 1234", "B-AB 1234", "German"),
        ("address", "ZIP: 53650", "53650", "a postcode"),
        ("case_number", "application no. 40593/04 against", "40593/04", "a court's file"),
        ("case_number", "(nos. 29700/96, 29701/96 and 29702/96)", "29702/96", "in a row of them"),
        ("coordinates", "40.416775, -3.703790", "40.416775, -3.703790", ""),
        ("coordinates", "40°26'46\"N 79°58'56\"W", "40°26'46\"N 79°58'56\"W", "in degrees"),
    ],
)
def test_is_found_as_it_stands(entity, text, letters, why):
    assert letters in of(text, entity), why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("my passport is ready", "the word alone"),
        ("a plate of rice 200 g", "another plate"),
        ("it grew by 1.234, 2.345 and 3.456", "numbers in a row"),
        ("a blood pressure of 12345/67", "no file without its word"),
        ("the record was 9.58 s", "another record"),
    ],
)
def test_stays(text, why):
    assert found(text) == [], why
