"""A guard that looks only when something changed looks at everything that it guards."""

import re

from tools.generators import ROOT


def test_an_admission_is_guarded_in_every_column_that_its_condition_names() -> None:
    schema = (ROOT / "src/strongroom/custody/secure_vault/schema.sql").read_text()
    (trigger,) = re.findall(r"CREATE TRIGGER admissions_set_once .*", schema)
    condition, _, function = trigger.partition("EXECUTE FUNCTION")
    guarded = re.findall(r"'(\w+)'", function)
    assert len(guarded) == 14
    assert re.findall(r"old\.(\w+)", condition) == re.findall(r"new\.(\w+)", condition) == guarded
