"""`visio doctor`: what is wrong with a deployment, from outside and inside, and what to do."""

from visio.doctor.inside import examine
from visio.doctor.outside import probe
from visio.doctor.report import Finding, Verdict, as_json, as_lines, verdict_of

__all__ = ["Finding", "Verdict", "as_json", "as_lines", "examine", "probe", "verdict_of"]
