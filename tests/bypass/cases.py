"""The corpus: every attempt, how it is made at each level, how it must end, and why."""

from bypass.cases_elsewhere import ELSEWHERE
from bypass.cases_files import FILES
from bypass.cases_reading import READING

CASES = [*FILES, *READING, *ELSEWHERE]
