"""Replies kept with their rhythm and played again: to the byte, to the moment, with the end that they had; and what
stays out of the file."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import stat
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from mockmate_nb import aio
from mockmate_nb.errors import CallerError, Kind, MockMateError
from mockmate_nb.interview.machine import State
from mockmate_nb.interview.session import Interview
from mockmate_nb.llm import recording, replaying
from mockmate_nb.llm.client import LLM
from mockmate_nb.llm.recording import Kept, fingerprint
from mockmate_nb.llm.replaying import ReplayTransport
from mockmate_nb.llm.tap import Tap
from mockmate_nb.streams.log import open_log
from tests.interview.scripted import ANSWER, setup
from tests.llm.misbehaving import (
    DONE,
    FOREVER,
    HELLO,
    KEY,
    Reply,
    Request,
    Server,
    Step,
    chunk,
    error,
    event,
    stream,
    whole,
)
from tests.llm.test_practice import in_no_time

HAN = "你好，😀 née "
SOUND = chunk(HAN) + chunk("end", "stop") + DONE
USAGE = event({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lesson.jsonl"


@pytest.fixture
def recorder(server: Server, path: Path) -> Callable[[], LLM]:
    return lambda: LLM(base_url=server.url, api_key=KEY, model="m", record=path)


class Pieces(Tap):
    """The body as it came."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []

    async def piece(self, raw: bytes) -> bytes:
        self.seen.append(raw)
        return raw


async def ask(llm: LLM, **options: Any) -> tuple[list[bytes], str, str | None, object, Kind | None]:
    """A streamed reply: its pieces, its text, how it finished, what it used, its fault."""
    tap, fault = Pieces(), None
    reply = llm.stream(HELLO, tap=tap, **options)
    try:
        async for _ in reply:
            pass
    except MockMateError as found:
        fault = found.kind
    return tap.seen, reply.text, reply.finish_reason, reply.usage, fault


def written(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""


def holding(path: Path, *lines: bytes) -> Path:
    """The file, with these lines in it."""
    path.write_bytes(b"".join(lines))
    return path


def kept_in(path: Path) -> list[Kept]:
    return [Kept.model_validate(json.loads(line)) for line in written(path).splitlines()]


def cut_up(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


BODIES: dict[str, Sequence[Step]] = {
    "chunk by chunk": [chunk("a"), chunk("b"), chunk(finish="stop"), USAGE, DONE],
    "one piece": [SOUND],
    "cut inside characters": cut_up(SOUND, 5),
    "byte by byte": cut_up(SOUND, 1),
    "BOM and CRLF": [b"\xef\xbb", b"\xbf", SOUND.replace(b"\n", b"\r\n")],
    "no end mark": [chunk("a"), chunk(finish="length")],
    "comments": [b": wait\n\n", chunk("a"), DONE],
    "broken UTF-8": [chunk("?").replace(b"?", b"\xff\xfe"), DONE],
    "a whole reply, though streamed was asked": [
        whole("a", usage={"prompt_tokens": 1, "completion_tokens": 1})
    ],
    "nothing": [],
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_a_reply_is_played_as_it_came(
    body: Sequence[Step],
    server: Server,
    recorder: Callable[[], LLM],
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RETRY_TIMES", "0")
    server.replies = [Reply(body)]
    came = await ask(recorder())
    (kept,) = kept_in(path)
    assert [raw for _, raw in kept.pieces] == came[0]
    assert kept.end == "closed"
    assert await ask(LLM(replay=path, pace=0)) == came
    assert len(server.requests) == 1


async def test_a_whole_reply_is_played_too(server: Server, recorder: Callable[[], LLM], path: Path) -> None:
    server.replies = [Reply([whole(HAN)[:9], whole(HAN)[9:]])]
    first = await recorder().complete(HELLO, max_tokens=7, temperature=1)
    again = await LLM(replay=path, pace=0).complete(HELLO, max_tokens=7, temperature=1.0)
    assert (again.text, again.finish_reason, again.usage) == (first.text, first.finish_reason, first.usage)
    assert again.text == HAN


def test_the_rhythm_is_the_recorded_one(path: Path) -> None:
    async def recorded() -> None:
        async with LLM("practice", pace=8, record=path) as llm:
            await ask(llm, max_tokens=5)
            await llm.complete(HELLO, max_tokens=5)

    async def played(streamed: bool) -> list[tuple[float, bytes]]:
        transport = ReplayTransport(replaying.Recording(path))
        asked = {"messages": HELLO, "stream": streamed, "max_tokens": 5}
        request = httpx2.Request("POST", "http://x/v1/chat/completions", json=asked)
        body = (await transport.handle_async_request(request)).stream
        assert isinstance(body, httpx2.AsyncByteStream)
        loop = asyncio.get_running_loop()
        return [(loop.time(), piece) async for piece in body]

    in_no_time(recorded())
    one, other = kept_in(path)
    assert [at for at, _ in one.pieces] == pytest.approx([0.125, 0.25, 0.375, 0.5, 0.625, 0.625])
    assert [at for at, _ in other.pieces] == pytest.approx([0.625])
    for kept, streamed in ((one, True), (other, False)):
        again = in_no_time(played(streamed))
        assert [piece for _, piece in again] == [piece for _, piece in kept.pieces]
        assert [at for at, _ in again] == pytest.approx([at for at, _ in kept.pieces])


def test_the_file_is_for_its_owner_alone_and_holds_no_request(path: Path) -> None:
    secret = [{"role": "user", "content": "My name is Ada Nobody."}]

    async def main() -> None:
        async with LLM("practice", pace=0, record=path) as llm:
            await llm.complete(secret, extra={"user": "Ada"})

    in_no_time(main())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text("utf-8")
    assert "Ada" not in text
    assert json.loads(text).keys() == {
        *(
            "recording",
            "request",
            "max_tokens",
            "provider",
            "model",
            "far",
            "made",
            "end",
            "seconds",
            "pieces",
        )
    }


@pytest.mark.skipif(os.name != "posix", reason="the platform has no modes")
@pytest.mark.parametrize(("mode", "after"), [(0o644, 0o600), (0o664, 0o600), (0o700, 0o700), (0o600, 0o600)])
def test_a_file_that_others_could_read_is_closed_to_them(mode: int, after: int, path: Path) -> None:
    path.touch()
    path.chmod(mode)
    aio.run(LLM("practice", pace=0, record=path).complete(HELLO, max_tokens=3))
    assert stat.S_IMODE(path.stat().st_mode) == after
    assert len(kept_in(path)) == 1


@pytest.mark.skipif(os.name != "posix", reason="the platform has no modes")
def test_one_that_cannot_be_closed_to_others_is_told_of(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    path.touch()
    path.chmod(0o644)
    monkeypatch.setattr(os, "fchmod", refuse)
    with pytest.warns(RuntimeWarning, match=r"Others than you may read the replies in .*lesson\.jsonl"):
        aio.run(LLM("practice", pace=0, record=path).complete(HELLO, max_tokens=3))
    assert len(kept_in(path)) == 1


async def test_a_model_with_a_very_long_name_is_played_too(server: Server, path: Path) -> None:
    server.replies = [stream("a")]
    name = "m" * 300
    await ask(LLM(base_url=server.url, api_key=KEY, model=name, record=path), max_tokens=7)
    for model in (None, name):
        assert (await ask(LLM(replay=path, model=model, pace=0), max_tokens=7))[1] == "a"


@pytest.mark.parametrize(
    ("most", "field", "told"), [(10, "MAX_BYTES", "more than 10"), (-1, "_LONGEST", "a day")]
)
async def test_what_could_not_be_played_is_not_written(
    most: int, field: str, told: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, field, most)
    with pytest.warns(RuntimeWarning, match=f"not recorded in .*{told}"):
        assert (await LLM("practice", pace=0, record=path).complete(HELLO, max_tokens=3)).text
    assert not written(path)


SAID_KEYS: dict[str, Reply] = {
    "in one piece": stream("Your key is ", KEY, "."),
    "in two deltas": stream(KEY[:9], KEY[9:]),
    "outside of the text": Reply([chunk("a", system_fingerprint=KEY), chunk(finish="stop"), DONE]),
    "in a whole reply": Reply([whole(KEY)]),
}


@pytest.mark.parametrize("reply", SAID_KEYS.values(), ids=SAID_KEYS)
async def test_a_reply_that_repeats_the_key_is_left_out(
    reply: Reply, server: Server, recorder: Callable[[], LLM], path: Path
) -> None:
    server.replies = [stream("fine"), reply]
    llm = recorder()
    await ask(llm)
    with pytest.warns(RuntimeWarning, match="it repeats the key") as told:
        assert (await ask(llm))[4] is None
    assert KEY not in str(told[0].message)
    assert len(kept_in(path)) == 1
    assert KEY[:9] not in written(path)
    assert KEY in server.requests[0].headers["authorization"]


async def test_a_cut_is_recorded_and_what_came_after_it(
    server: Server, recorder: Callable[[], LLM], path: Path, no_pause: None
) -> None:
    broken = stream("One ", "two ", "three")
    server.replies = [Reply(broken.body, cut=broken.size() - len(DONE) - 70, by="rst"), stream("four")]
    came = await ask(recorder())
    assert came[4] is None
    assert [kept.end for kept in kept_in(path)] == ["cut", "closed"]
    assert await ask(LLM(replay=path, pace=0)) == came


async def test_a_silence_is_recorded_as_one(server: Server, recorder: Callable[[], LLM], path: Path) -> None:
    server.replies = [Reply([chunk("a"), FOREVER])]
    came = await ask(recorder(), timeout=0.2)
    assert (came[1], came[4]) == ("a", Kind.TIMEOUT)
    (kept,) = kept_in(path)
    assert (kept.end, kept.seconds >= kept.pieces[0][0] + 0.2) == ("silent", True)
    assert await ask(LLM(replay=path, pace=0)) == came


async def test_a_services_own_error_in_mid_reply_is_played_too(
    server: Server, recorder: Callable[[], LLM], path: Path
) -> None:
    server.replies = [Reply([chunk("a"), event({"error": {"message": "too long", "code": 400}})])]
    came = await ask(recorder())
    assert (came[1], came[4]) == ("a", Kind.BAD_REQUEST)
    assert await ask(LLM(replay=path, pace=0)) == came


LEFT_OUT: dict[str, Reply] = {
    "an error's status": error(401, {"message": f"wrong key {KEY}"}),
    "a web page": Reply([b"<html>hello</html>", FOREVER]),
    "no chat completion": Reply([event({"hello": "world"}), FOREVER]),
    "other JSON": Reply([b'{"hello": "world"}']),
    "no answer": Reply(silent=True),
}


@pytest.mark.parametrize("reply", LEFT_OUT.values(), ids=LEFT_OUT)
async def test_what_is_no_reply_is_left_out(
    reply: Reply, server: Server, recorder: Callable[[], LLM], path: Path
) -> None:
    server.replies = [reply]
    assert (await ask(recorder(), timeout=0.2))[4] is not None
    assert not written(path)


async def test_what_the_reader_stopped_is_left_out(
    server: Server, recorder: Callable[[], LLM], path: Path
) -> None:
    server.replies = [Reply([chunk("a"), FOREVER])]
    reply = recorder().stream(HELLO)
    async for _ in reply:
        await reply.stop()
    assert reply.text == "a"
    assert not written(path)


async def test_two_at_once_are_kept_apart(server: Server, recorder: Callable[[], LLM], path: Path) -> None:
    gates = [asyncio.Event() for _ in range(2)]
    server.replies = [
        Reply([chunk("a"), gates[0], chunk("b"), gates[1], chunk("c", "stop"), DONE]),
        Reply([chunk("A"), chunk("B"), gates[0], chunk("C", "stop"), DONE]),
    ]
    llm = recorder()
    first, second = (asyncio.create_task(ask(llm, max_tokens=count)) for count in (5, 6))
    while len(server.requests) < 2:
        await asyncio.sleep(0.01)
    for gate in gates:
        gate.set()
    texts = {(await task)[1] for task in (first, second)}
    assert texts == {"abc", "ABC"}
    again = LLM(replay=path, pace=0)
    assert {(await ask(again, max_tokens=count))[1] for count in (5, 6)} == texts


async def test_many_at_once_are_lines_of_their_own(path: Path) -> None:
    async with LLM("practice", pace=0, record=path) as llm:
        await asyncio.gather(*(ask(llm, max_tokens=count) for count in range(1, 33)))
    assert len({kept.request for kept in kept_in(path)}) == 32


async def test_replies_to_the_same_request_are_played_in_turn(
    server: Server, recorder: Callable[[], LLM], path: Path
) -> None:
    server.replies = [stream("one"), stream("two"), stream("other")]
    llm = recorder()
    for limit in (7, 7, 8):
        await ask(llm, max_tokens=limit)
    again = LLM(replay=path, pace=0)
    assert [(await ask(again, max_tokens=n))[1] for n in (7, 8, 7, 7)] == ["one", "other", "two", "one"]


ASKED = {"messages": HELLO, "stream": True, "max_tokens": 7}
SAME: dict[str, dict[str, Any]] = {
    "another model": {"model": "x"},
    "OpenAI's name of the limit": {"max_tokens": None, "max_completion_tokens": 7},
    "options of the stream": {"stream_options": {"include_usage": True}},
    "a temperature": {"temperature": 0},
    "a further field": {"ignore_eos": True},
}
OTHER: dict[str, dict[str, Any]] = {
    "other messages": {"messages": [{"role": "user", "content": "Hello!"}]},
    "another role": {"messages": [{"role": "system", "content": "Hello?"}]},
    "a whole reply": {"stream": False},
    "another limit": {"max_tokens": 8},
}


@pytest.mark.parametrize("changes", SAME.values(), ids=SAME)
def test_the_same_request(changes: dict[str, Any]) -> None:
    asked = {name: value for name, value in (ASKED | changes).items() if value is not None}
    assert fingerprint(asked) == fingerprint(dict(reversed(ASKED.items())))


@pytest.mark.parametrize("changes", OTHER.values(), ids=OTHER)
def test_another_request(changes: dict[str, Any]) -> None:
    assert fingerprint(ASKED | changes) != fingerprint(ASKED)


async def test_a_request_that_was_not_recorded_is_refused_at_once(path: Path) -> None:
    async with LLM("practice", pace=0, record=path) as llm:
        await ask(llm, max_tokens=3)
    again = LLM(replay=path)
    with pytest.raises(CallerError, match=r"not in the recording lesson\.jsonl") as refused:
        await again.complete([{"role": "user", "content": "Something else"}])
    assert "record" in refused.value.advice
    assert "is there" not in refused.value.message
    assert again.tokens == 0


@pytest.mark.parametrize(
    ("recorded", "streamed", "hint"),
    [
        ([(True, 9)], False, "It is there streamed, not as a whole."),
        ([(False, 9)], True, "It is there as a whole reply, not streamed."),
        ([(True, 5), (True, 3), (True, 3), (False, 4)], True, "It is there with max_tokens=3 or 5."),
        ([(True, 5)], False, "It is there streamed, not as a whole, with max_tokens=5."),
    ],
)
async def test_how_else_it_was_recorded_is_said(
    recorded: list[tuple[bool, int]], streamed: bool, hint: str, path: Path
) -> None:
    async def work(llm: LLM, streamed: bool, limit: int) -> None:
        if not streamed:
            await llm.complete(HELLO, max_tokens=limit)
            return
        async for _ in llm.stream(HELLO, max_tokens=limit):
            pass

    async with LLM("practice", pace=0, record=path) as llm:
        for each in recorded:
            await work(llm, *each)
        await llm.complete([{"role": "user", "content": "Something else"}], max_tokens=8)
    with pytest.raises(CallerError) as refused:
        await work(LLM(replay=path), streamed, 9)
    assert refused.value.message.endswith(f"with the same max_tokens. {hint}")


def line(**changes: Any) -> bytes:
    facts = {
        "recording": 1,
        "request": fingerprint(ASKED),
        "provider": "openai",
        "model": "m1",
        "far": True,
        "made": datetime(2026, 11, 20, 9, tzinfo=UTC).isoformat(),
        "end": "closed",
        "seconds": 2.0,
        "pieces": [[1.0, SOUND.decode()]],
    }
    return json.dumps(facts | changes, separators=(",", ":")).encode() + b"\n"


def test_a_write_that_was_broken_off_costs_its_own_reply_alone(path: Path) -> None:
    last = line(seconds=3.0)
    for end in range(1, len(last) - 1, 7):
        path.write_bytes(line() + last[:end])
        with pytest.warns(
            RuntimeWarning, match=r"1 of 2 lines cannot be read and are left out \(line 2\): as after"
        ):
            found = replaying.Recording(path)
        assert [kept.seconds for kept in found._kept] == [2.0]
        recording._append(path, line(seconds=4.0))
        with pytest.warns(RuntimeWarning, match=r"1 of 3 lines .*\(line 2\)"):
            found = replaying.Recording(path)
        assert [kept.seconds for kept in found._kept] == [2.0, 4.0]


class Full:
    """A file on a disk that has room for so many bytes more."""

    def __init__(self, file: Any, room: int) -> None:
        self._file, self._room = file, room

    def __enter__(self) -> Full:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, raw: memoryview) -> int:
        if not self._room:
            raise OSError(errno.ENOSPC, "No space left on device")
        done: int = self._file.write(raw[: self._room])
        self._room -= done
        return done

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


async def test_a_full_disk_loses_the_recording_and_not_the_reply(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with LLM("practice", pace=0, record=path) as llm:
        first = await ask(llm, max_tokens=9)
        with monkeypatch.context() as patch:
            opened = os.fdopen
            patch.setattr(os, "fdopen", lambda *args, **how: Full(opened(*args, **how), 40))
            with pytest.warns(RuntimeWarning, match=r"not recorded in .*lesson\.jsonl: No space left"):
                assert await ask(llm, max_tokens=9) == first
            with pytest.warns(RuntimeWarning, match="No space left"):
                assert (await llm.complete(HELLO, max_tokens=9)).text == first[1]
        assert await ask(llm, max_tokens=9) == first
    with pytest.warns(RuntimeWarning, match="2 of 4 lines cannot be read"):
        again = LLM(replay=path, pace=0)
    assert await ask(again, max_tokens=9) == first


async def test_the_reader_has_the_text_before_it_is_written(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_write, append = threading.Event(), recording._append

    def slow(*args: Any) -> None:
        assert may_write.wait(10)
        append(*args)

    monkeypatch.setattr(recording, "_append", slow)
    async with LLM("practice", pace=0, record=path) as llm:
        reply, said = llm.stream(HELLO, max_tokens=9), ""
        async for delta in reply:
            said += delta
            if reply.finish_reason and said == reply.text:
                assert not written(path)
                may_write.set()
    assert may_write.is_set()
    assert len(kept_in(path)) == 1


WRONG_LINES: dict[str, bytes] = {
    "no JSON": b"{\n",
    "no object": b"[1, 2]\n",
    "deep": b"[" * 100_000 + b"\n",
    "no pieces": line(pieces=None),
    "a piece that is no text": line(pieces=[[1.0, 5]]),
    "a lone surrogate": line(pieces=[[1.0, "\ud800"]]),
    "back in time": line(pieces=[[1.0, "a"], [0.5, "b"]]),
    "over before its end": line(seconds=0.5),
    "before the request": line(pieces=[[-1.0, "a"]]),
    "endless": line(seconds=1e99),
    "an end of no kind": line(end="?"),
    "no hash": line(request="Hello?"),
    "no day": line(made="yesterday"),
    "not UTF-8": b"\xff\xfe\n",
}


@pytest.mark.parametrize("wrong", WRONG_LINES.values(), ids=WRONG_LINES)
def test_a_line_that_cannot_be_read_is_left_out_and_told(wrong: bytes, path: Path) -> None:
    path.write_bytes(b"\n" + wrong + line())
    with pytest.warns(RuntimeWarning, match=r"1 of 2 lines .*\(line 2\)"):
        assert LLM(replay=path).model == "m1 (recording)"
    path.write_bytes(wrong)
    with pytest.raises(CallerError, match="no reply that can be read"):
        LLM(replay=path)


def test_what_a_newer_version_wrote_is_named_as_that(path: Path) -> None:
    holding(path, line(recording=2, pieces={"other": "form"}), b"[" * 9, b"\n")
    with pytest.raises(CallerError, match="a newer version of this package wrote it"):
        LLM(replay=path)
    holding(path, line(recording=2), line())
    with pytest.warns(RuntimeWarning, match=r"1 of 2 lines .*\(line 1\): a newer version of this package"):
        assert LLM(replay=path).model == "m1 (recording)"


@pytest.mark.parametrize("field", ["replay", "record"])
@pytest.mark.parametrize(
    "wrong", [5, b"lesson.jsonl", ["lesson.jsonl"], "~nobody-of-this-name/x", "no\0.jsonl"]
)
def test_what_names_no_file(wrong: Any, field: str) -> None:
    with pytest.raises(CallerError, match=r"names no file|no file has such a name") as refused:
        LLM(**{field: wrong})
    assert refused.value.field == field


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the platform has no such files")
def test_what_would_never_end_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for endless in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(CallerError, match="no plain file"):
            LLM(replay=endless)


def test_a_recording_too_large_is_not_read(path: Path) -> None:
    path.write_bytes(line())
    os.truncate(path, recording.MAX_BYTES + 1)
    with pytest.raises(CallerError, match="more than 100,000,000 bytes"):
        LLM(replay=path)


@pytest.mark.parametrize("where", ["", "no-such.jsonl", "folder"])
def test_where_no_recording_is(where: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "no-such.jsonl").unlink(missing_ok=True)
    with pytest.raises(CallerError, match="cannot be played") as refused:
        LLM(replay=tmp_path / where)
    assert refused.value.field == "replay"


def places(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    notebook = tmp_path / "lesson.ipynb"
    notebook.write_text('{"cells": []}')
    yield notebook, "holds something that is no recording"
    yield tmp_path, "no plain file"
    yield tmp_path / "no" / "lesson.jsonl", "its folder is not there"
    os.mkfifo(tmp_path / "pipe")
    yield tmp_path / "pipe", "no plain file"
    yield notebook / "lesson.jsonl", "Not a directory"


def test_where_no_recording_can_be(tmp_path: Path) -> None:
    for path, why in places(tmp_path):
        with pytest.raises(CallerError, match=why) as refused:
            LLM("practice", record=path)
        assert refused.value.field == "record"
    assert (tmp_path / "lesson.ipynb").read_text() == '{"cells": []}'


@pytest.mark.parametrize("start", [b"", line()[:5], line()])
def test_where_a_recording_can_go_on(start: bytes, path: Path) -> None:
    path.write_bytes(start)
    LLM("practice", record=path)
    assert path.read_bytes() == start


@pytest.mark.parametrize(
    ("field", "other"),
    [
        ("provider", {"provider": "practice"}),
        ("base_url", {"base_url": "http://127.0.0.1:1/v1"}),
        ("api_key", {"api_key": "sk-1"}),
        ("profile", {"profile": "smollm2-warm"}),
        ("record", {"record": "other.jsonl"}),
        ("pace", {"pace": 50}),
    ],
)
def test_a_replay_stands_alone(field: str, other: dict[str, Any], path: Path) -> None:
    path.write_bytes(line())
    with pytest.raises(CallerError) as refused:
        LLM(**other, replay=path)
    assert refused.value.field == field
    assert "replay" in refused.value.message


async def test_it_is_named_as_a_recording_needs_no_network_and_costs_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOCKMATE_PRICE_OUT", "10")
    llm = LLM(replay=holding(path, line(), line(made="2026-11-22T23:59:00+00:00")), pace=0)
    told = "recording of m1 at OpenAI, made on 2026-11-20 – 2026-11-22"
    assert llm.settings.destination == llm.settings.provider.label == told
    assert "2026-11-20 – 2026-11-22" in llm.settings.provider.label_zh
    assert (llm.model, llm.is_practice) == ("m1 (recording)", False)
    assert not llm.settings.leaves_machine
    assert llm.settings.far, "it is asked as the service was"
    assert (await ask(llm, max_tokens=7))[1] == f"{HAN}end"
    assert (llm.spent, llm.estimate(100, 100)) == (0.0, 0.0)


def test_a_recording_of_the_practice_model_is_none_of_an_ai(path: Path) -> None:
    path.write_bytes(line(provider="practice", model="practice", far=False))
    llm = LLM(replay=path)
    assert llm.is_practice
    assert "not an AI" in llm.settings.destination
    assert not llm.settings.far


async def test_one_of_several_models_is_chosen_by_its_name(path: Path) -> None:
    other = chunk("other", "stop").decode()
    holding(path, line(), line(model="m2", provider="x", pieces=[[0, other]]))
    with pytest.raises(CallerError, match=r"several models \(m1, m2\); name one"):
        LLM(replay=path)
    with pytest.raises(CallerError, match="no reply of m3, only of m1, m2"):
        LLM(replay=path, model="m3")
    llm = LLM(replay=path, model="m2", pace=0)
    assert "recording of m2 at OpenAI-compatible service" in llm.settings.destination
    assert (await ask(llm, max_tokens=7))[1] == "other"


TIMES = ("ttft", "seconds", "at", "session_id", "model")


def plain(value: Any) -> Any:
    """Without what differs between two runs of the same interview."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items() if name not in TIMES}
    if isinstance(value, str):
        return value.replace("m (recording)", "m")
    return [plain(each) for each in value] if isinstance(value, list) else value


async def interviewed(llm: LLM) -> tuple[str, list[tuple[str, Any]]]:
    """A whole interview on `llm`: the questions' text, and all events that are no pieces of one."""
    interview = Interview(setup(), llm, log=open_log("memory:"))
    seen = [each async for each in interview.start()]
    while interview.state is State.AWAITING_ANSWER:
        seen += [each async for each in interview.respond(ANSWER)]
    await interview.aclose()
    assert interview.state is State.COMPLETE
    text = "".join(each.data["content"] for each in seen if each.type == "question_chunk")
    return text, [(each.type, plain(each.data)) for each in seen if "chunk" not in each.type]


async def test_an_interview_with_the_practice_model_is_played_again(path: Path) -> None:
    came = await interviewed(LLM("practice", pace=0, seed=5, record=path))
    assert await interviewed(LLM(replay=path, pace=0)) == came


async def test_an_interview_with_a_service_is_played_again_with_its_judgement(
    server: Server, recorder: Callable[[], LLM], path: Path
) -> None:
    verdict = json.dumps({"clarity": {"score": 4, "quote": "cut p95 from 900 ms to 210 ms"}})

    def answer(request: Request) -> Reply:
        judged = "score" in str(request.body["messages"])
        return stream(verdict) if judged else stream("Why ", f"this, {len(server.requests)}", "?")

    server.answer = answer
    came = await interviewed(recorder())
    asked = len(server.requests)
    assert asked > 3, "there is more than the questions"
    again = LLM(replay=path, pace=0)
    assert not again.is_practice
    assert await interviewed(again) == came
    assert len(server.requests) == asked


@pytest.fixture(autouse=True)
def no_worker_left() -> Iterator[None]:
    yield
    aio.shutdown()
