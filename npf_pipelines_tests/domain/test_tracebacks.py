"""Tests of npf_pipelines.domain.tracebacks."""

from npf_pipelines.domain.tracebacks import safe_traceback


def _raise(error: Exception, before: Exception | None = None) -> Exception:
    try:
        raise error from before  # noqa: TRY301 - only a raised exception has a traceback
    except Exception as raised:  # noqa: BLE001 - the very thing
        return raised


def test_types_and_places_of_the_whole_chain_are_kept_and_no_message() -> None:
    row = "Quixote Street 5"
    group = ExceptionGroup(row, [_raise(KeyError(row))])
    group.add_note(row)
    text = safe_traceback(_raise(ValueError(row), _raise(group)))
    assert text.index("ExceptionGroup") < text.index("KeyError") < text.index("ValueError")
    assert "in _raise" in text
    assert "Quixote" not in text


def test_a_chain_that_bites_its_tail_ends() -> None:
    first, second = _raise(ValueError()), _raise(KeyError())
    first.__context__, second.__context__ = second, first
    assert safe_traceback(first).count("ValueError") == 1
