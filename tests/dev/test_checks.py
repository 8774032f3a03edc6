"""A check that runs beside others says what it found when it is its turn, and ends with them."""

import sys
import time

import pytest

from devtools.bootstrap import console, testing


def test_a_check_in_the_background_speaks_when_it_is_asked(elsewhere: None, capfd: pytest.CaptureFixture[str]) -> None:
    says = "import sys; print('found one', flush=True); print('and said so', file=sys.stderr); sys.exit(3)"
    with console.in_background([sys.executable, "-c", says], {}) as result:
        assert capfd.readouterr().out == ""
        assert result() == 3
    assert capfd.readouterr().out == "found one\nand said so\n"


def test_a_check_in_the_background_ends_with_the_others(elsewhere: None) -> None:
    began = time.monotonic()
    with (
        pytest.raises(KeyboardInterrupt),
        console.in_background([sys.executable, "-c", "import time; time.sleep(600)"], {}),
    ):
        raise KeyboardInterrupt
    assert time.monotonic() - began < 300


def test_mypy_checks_every_source_beside_the_other_checks(elsewhere: None) -> None:
    assert testing.types_check()[1:4] == ["-m", "mypy", "dev"]
    assert {"portal", "sharing", "tests"} < set(testing.types_check())
    assert "mypy" not in {name for name, _command, _more in testing.checks()}
