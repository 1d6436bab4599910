"""no_grad as a decorator of everything that can be called, and scopes with names that mean something."""

import asyncio

import pytest

import adjoint as ad

W = ad.tensor(2.0, requires_grad=True)


def records():
    return (W * W).requires_grad


def test_no_grad_without_parentheses():
    @ad.no_grad
    def quiet(flip=False):
        return records() is flip

    assert quiet()
    assert not quiet(flip=True)
    assert records()


def test_no_grad_decorates_a_generator_whose_caller_records():
    @ad.no_grad()
    def quiet():
        got = yield records()
        try:
            yield got, records()
        except KeyError:
            yield "caught", records()
        return "end"

    steps = quiet()
    assert next(steps) is False
    assert records()
    assert steps.send("sent") == ("sent", False)
    assert steps.throw(KeyError()) == ("caught", False)
    with pytest.raises(StopIteration, match="end"):
        next(steps)
    assert records()


def test_a_generator_that_is_closed_or_fails_leaves_recording_on():
    seen = []

    @ad.no_grad()
    def quiet(fail=False):
        try:
            yield 1
            if fail:
                raise ZeroDivisionError
        finally:
            seen.append(records())

    steps = quiet()
    next(steps)
    steps.close()
    with pytest.raises(ZeroDivisionError):
        list(quiet(fail=True))
    assert seen == [False, False]
    assert records()


def test_no_grad_decorates_coroutines_and_async_generators():
    @ad.no_grad()
    async def quiet():
        before = records()
        await asyncio.sleep(0)
        return before, records()

    @ad.no_grad
    async def stream():
        yield records()
        await asyncio.sleep(0)
        yield records()

    async def main():
        return await quiet(), [(one, records()) async for one in stream()], records()

    assert asyncio.run(main()) == ((False, False), [(False, True), (False, True)], True)


def test_no_grad_of_something_that_is_no_function():
    with pytest.raises(TypeError, match="no_grad decorates functions"):
        ad.no_grad()(3.0)


@pytest.mark.parametrize("name", ["", "  ", None, 3])
def test_a_scope_needs_a_name(name):
    with pytest.raises(ad.errors.ArgumentError, match="named by a text"):
        ad.scope(name)
