"""All findings of all checks, the worst first."""

from engine.data.samples import Catalogue
from engine.doctor.checks import CHECKS
from engine.doctor.copies import find_copies
from engine.doctor.examine import Examined
from engine.doctor.finding import SEVERITIES, Finding, Subject


def diagnose(catalogue: Catalogue, examined: Examined, image_size: int) -> list[Finding]:
    """What is wrong with the pictures, the worst first. `image_size` is the side of the model's input, in pixels."""
    subject = Subject(catalogue, examined, find_copies(examined), image_size)
    found = [finding for check in CHECKS.values() for finding in check.function(subject)]
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))
