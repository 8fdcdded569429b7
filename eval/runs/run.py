"""Runs on disk: a journal of the answers as they come, so that an interrupted run loses none, and the finished run."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from eval.metrics.metric import AnswerRecord, failed
from eval.sets.dataset_files import reason
from eval.sets.questions import Question
from rag.errors import CitewellError, UsageError
from rag.language.counting import counted

ANSWERS = "answers.jsonl"
RUN = "run.json"
FORMAT = 1


class RunError(CitewellError):
    """A run's directory cannot be read or written, or holds something else."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Everything that decides a run's answers. A run that is resumed must have the same identity.

    ``set_digest`` is the SHA-256 of the question set's records, ``library`` of the papers and how they are indexed.
    """

    set_name: Annotated[str, Field(alias="set")]
    set_digest: str
    library: str
    backend: str
    model: str
    mode: str
    settings: Mapping[str, Any]
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        record: dict[str, Any] = _IDENTITY.dump_python(self, mode="json", by_alias=True)
        return record


@dataclass(frozen=True, slots=True)
class EvaluationRun:
    """A finished run. ``scores`` and ``answers`` are by question id; ``figures`` as
    :func:`eval.metrics.summary.summarise` gives them; ``faults`` is ``{fault: (caught, planted)}``;
    ``workers`` questions were under way at a time, which times depend on."""

    identity: Identity
    questions: tuple[Question, ...]
    answers: Mapping[str, AnswerRecord]
    scores: Mapping[str, Mapping[str, float | None]]
    figures: Mapping[str, Any]
    faults: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    judge: Mapping[str, Any] | None = None
    seconds: float = 0.0
    workers: int = 1

    @property
    def label(self) -> str:
        """What tables call the run."""
        who = self.identity.mode if self.identity.mode != "live" else self.identity.model
        return f"{self.identity.set_name}, {who}"

    @property
    def failed(self) -> list[str]:
        """The ids of the questions that broke off with an error."""
        return [question_id for question_id, answer in self.answers.items() if failed(answer)]

    def to_dict(self) -> dict[str, Any]:
        """For JSON; a metric that does not apply to a question has no score there."""
        scores = {key: {n: v for n, v in own.items() if v is not None} for key, own in self.scores.items()}
        whole = replace(self, scores=scores, seconds=round(self.seconds, 1))
        return {"format": FORMAT, **_RUN.dump_python(whole, mode="json", by_alias=True)}


_IDENTITY, _RUN = TypeAdapter(Identity), TypeAdapter(EvaluationRun)


def load_run(directory: Path) -> EvaluationRun:
    """A finished run.

    Raises:
        RunError: there is none, or it is damaged or of another version.
    """
    path = directory / RUN if directory.is_dir() else directory
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RunError(f"no finished run at {path} ({error.strerror}); make one with: citewell eval answers") from error
    except (ValueError, RecursionError) as error:
        raise RunError(f"{path} is not a run ({error}); make one with: citewell eval answers") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise RunError(f"{path} is not a run of this version; make it anew with: citewell eval answers")
    try:
        return _RUN.validate_python(record)
    except ValidationError as error:
        raise RunError(f"{path} is damaged ({reason(error)}); make it anew with: citewell eval answers") from error


def save_run(run: EvaluationRun, directory: Path) -> Path:
    """Write a run in one step; return the file."""
    return write_whole(directory / RUN, json.dumps(run.to_dict(), ensure_ascii=False, indent=1) + "\n")


def write_whole(path: Path, text: str) -> Path:
    """Write a file as a whole; if that fails, the old one is left.

    Raises:
        RunError: the file cannot be written.
    """
    new = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new.write_text(text, encoding="utf-8")
        new.replace(path)
    except OSError as error:
        raise RunError(f"{path} cannot be written ({error.strerror}); choose another place with --out") from error
    return path


class Journal:
    """The answers of an unfinished run, one on each line below a line with the run's identity. Thread-safe.

    Raises:
        RunError: the file cannot be read or written.
        UsageError: the directory holds another run, or an unfinished one that is not to be resumed.
    """

    def __init__(self, directory: Path, identity: Identity, *, resume: bool) -> None:
        self._path = directory / ANSWERS
        self._lock = threading.Lock()
        self.answers: dict[str, AnswerRecord] = {}
        there = self._read(identity) if self._path.exists() else {}
        finished = (directory / RUN).exists()
        if there and not resume and not finished:
            raise UsageError(
                f"{directory} holds an unfinished run ({counted(len(there), 'question')} answered); go on with "
                "--resume, remove it, or choose another --out"
            )
        if resume:
            # Questions that failed are asked again.
            self.answers = {key: answer for key, answer in there.items() if "error" not in answer}
        lines = [{"identity": identity.to_dict()}, *({"id": k, "answer": a} for k, a in self.answers.items())]
        write_whole(self._path, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
        (directory / RUN).unlink(missing_ok=True)

    def add(self, question_id: str, answer: AnswerRecord) -> None:
        """Write an answer; it is on disk when this returns."""
        line = json.dumps({"id": question_id, "answer": answer}, ensure_ascii=False) + "\n"
        try:
            with self._lock, self._path.open("a", encoding="utf-8") as file:
                self.answers[question_id] = answer
                file.write(line)
        except OSError as error:
            raise RunError(f"{self._path} cannot be written ({error.strerror}); free some space") from error

    def _read(self, identity: Identity) -> dict[str, AnswerRecord]:
        try:
            head, *lines = self._path.read_text(encoding="utf-8", errors="replace").split("\n")
            found = json.loads(head)["identity"]
        except OSError as error:
            raise RunError(f"{self._path} cannot be read ({error.strerror})") from error
        except (ValueError, TypeError, LookupError):
            return {}
        wanted = json.loads(json.dumps(identity.to_dict()))
        if found != wanted:
            different = sorted(k for k in wanted if not isinstance(found, dict) or found.get(k) != wanted[k])
            if (self._path.parent / RUN).exists():
                return {}
            raise UsageError(
                f"{self._path.parent} holds an unfinished run of another kind (differs in {', '.join(different)}); "
                "choose another --out"
            )
        answers: dict[str, AnswerRecord] = {}
        for line in lines:
            try:
                record = json.loads(line)
                answers[str(record["id"])] = dict(record["answer"])
            except (ValueError, TypeError, LookupError):
                # The last line of a run that was killed may be half written.
                continue
        return answers
