"""Files as they come: any encoding and line end, packed, damaged, hostile, missing; and directories of them."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest

from rag.errors import ReadError, UsageError
from rag.paper import Paper
from rag.readers import FORMATS, Skip, read_papers
from rag.readers.source import Source

RIS = "TY  - JOUR\nTI  - Über Größen\nAB  - Eine „Größe“ von 5 µm – é.\nPY  - 2020\nER  - \n"


def titles(path: Path, format_name: str = "auto") -> list[str]:
    return [record.title for record in read_papers(path, format_name) if isinstance(record, Paper)]


def line(number: int) -> str:
    return json.dumps({"title": f"Paper {number}", "abstract": f"Abstract number {number}."}) + "\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("packed", [False, True])
def test_encodings_line_ends_and_gzip(encoding: str, end: str, packed: bool, tmp_path: Path) -> None:
    path = tmp_path / "export"
    data = RIS.replace("\n", end).encode(encoding)
    path.write_bytes(gzip.compress(data) if packed else data)
    (paper,) = list(read_papers(path))
    assert isinstance(paper, Paper)
    assert (paper.title, paper.abstract) == ("Über Größen", "Eine „Größe“ von 5 µm – é.")


def test_one_stray_byte_does_not_spoil_the_text_around_it(tmp_path: Path) -> None:
    path = tmp_path / "mixed.ris"
    path.write_bytes("TY  - JOUR\nTI  - Größe\nAB  - Über alles, ".encode() + b"na\xefve.\nER  - \n")
    (paper,) = list(read_papers(path))
    assert isinstance(paper, Paper)
    assert paper.abstract == "Über alles, naïve."


def test_lines_keep_whole_across_chunks(tmp_path: Path) -> None:
    path = tmp_path / "chunks.txt"
    expected = [f"{n}é" * (n * 997 % 70_000) for n in range(40)]
    path.write_bytes("\r\n".join(expected).encode())
    assert list(Source.open(path).lines()) == expected


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("empty.bib", b"", "empty"),
        ("blank.bib", b" \n\n\t", "empty"),
        ("paper.pdf", b"%PDF-1.7\n%\xe2\xe3", "a PDF"),
        ("library.zip", b"PK\x03\x04\x14\x00", "a ZIP archive"),
        ("noise.bin", bytes(range(256)) * 40, "a binary file"),
        ("prose.txt", b"Dear diary, nothing happened today.", "no known format"),
        ("cut.json.gz", gzip.compress(b'{"title": "x"}' * 9, mtime=0)[:-12], "damaged gzip"),
        ("twice.gz", gzip.compress(gzip.compress(b"x" * 99, mtime=0), mtime=0), "gzip inside gzip"),
        ("page.html", b"<html><body><p>Nothing here.</p></body></html>", "no record of format"),
        ("other.xml", b"<?xml version='1.0'?><rss><item/></rss>", "no known format"),
    ],
)
def test_a_source_that_gives_nothing_is_one_line_that_names_it(
    name: str, data: bytes, message: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(ReadError) as caught:
        list(read_papers(path))
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_an_unknown_format_fail_at_the_call(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="no such file"):
        read_papers(tmp_path / "missing.bib")
    with pytest.raises(UsageError, match="unknown format 'bibtext'"):
        read_papers(tmp_path, "bibtext")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_said_to_be_so(tmp_path: Path) -> None:
    path = tmp_path / "secret.bib"
    path.write_text("@article{a,}")
    path.chmod(0)
    with pytest.raises(ReadError, match="no permission"):
        read_papers(path)


def test_a_gzip_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.jsonl.gz"
    record = json.dumps({"title": "a", "abstract": "b " * 500_000}).encode() + b"\n"
    path.write_bytes(gzip.compress(record + b" " * 64_000_000))
    *_, last = read_papers(path)
    assert isinstance(last, Skip)
    assert "unpacks to more than 200 times its size" in last.reason
    path.write_bytes(gzip.compress(b" " * 64_000_000))
    with pytest.raises(ReadError, match="empty"):
        read_papers(path)


def test_a_gzip_cut_in_the_middle_gives_what_stands_before(tmp_path: Path) -> None:
    data = "".join(json.dumps({"title": f"P {n}", "abstract": os.urandom(400).hex()}) + "\n" for n in range(3000))
    path = tmp_path / "cut.jsonl.gz"
    path.write_bytes(gzip.compress(data.encode())[:-900_000])
    *papers, last = read_papers(path)
    assert len(papers) > 100
    assert isinstance(last, Skip)
    assert "damaged gzip" in last.reason


def test_xml_bombs_and_external_entities_are_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    bombs = {
        "laughs": '<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">',
        "external": f'<!ENTITY b SYSTEM "file://{secret}">',
    }
    for name, entities in bombs.items():
        path = tmp_path / f"{name}.xml"
        path.write_text(
            f"<?xml version='1.0'?><!DOCTYPE PubmedArticleSet [{entities}]><PubmedArticleSet><PubmedArticle>"
            "<MedlineCitation><Article><ArticleTitle>T</ArticleTitle><Abstract><AbstractText>x &b;</AbstractText>"
            "</Abstract></Article></MedlineCitation></PubmedArticle></PubmedArticleSet>"
        )
        with pytest.raises(ReadError, match="declares XML entities"):
            list(read_papers(path))


def test_entities_declared_out_of_sight_are_not_expanded_either(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    path = tmp_path / "far.xml"
    path.write_text(
        f"<?xml version='1.0'?><!DOCTYPE PubmedArticleSet [<!--{'-x' * 200_000}--><!ENTITY b SYSTEM 'file://{secret}'>]>"
        "<PubmedArticleSet><PubmedArticle><MedlineCitation><Article><ArticleTitle>T</ArticleTitle><Abstract>"
        "<AbstractText>It says &b; and goes on.</AbstractText></Abstract></Article></MedlineCitation>"
        "</PubmedArticle></PubmedArticleSet>"
    )
    records = list(read_papers(path, "pubmed-xml"))
    assert "the secret" not in str(records)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252", "iso-8859-2"])
def test_xml_in_the_encoding_it_declares_with_a_dtd_far_away(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "articles.xml"
    path.write_text(
        f"<?xml version='1.0' encoding='{encoding}'?>\n"
        "<!DOCTYPE PubmedArticleSet PUBLIC '-//NLM//DTD' 'https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd'>\n"
        "<PubmedArticleSet><PubmedArticle><MedlineCitation><Article><ArticleTitle>Größe &alpha;</ArticleTitle>"
        "<Abstract><AbstractText>Über é.</AbstractText></Abstract></Article></MedlineCitation></PubmedArticle>"
        "</PubmedArticleSet>",
        encoding=encoding,
    )
    assert titles(path) == ["Größe α"]


def test_a_broken_xml_file_gives_what_stands_before(tmp_path: Path) -> None:
    article = (
        "<PubmedArticle><MedlineCitation><PMID>{0}</PMID><Article><ArticleTitle>Title {0}</ArticleTitle><Abstract>"
        "<AbstractText>Abstract {0}.</AbstractText></Abstract></Article></MedlineCitation></PubmedArticle>\n"
    )
    whole = "<PubmedArticleSet>\n" + "".join(article.format(n) for n in range(1, 6)) + "</PubmedArticleSet>"
    path = tmp_path / "cut.xml"
    path.write_text(whole[: whole.index("Abstract 4")])
    assert titles(path) == ["Title 1", "Title 2", "Title 3"]
    assert [type(record) for record in read_papers(path)][-1] is Skip
    path.write_text(whole.replace("Abstract 3.</AbstractText>", "Abstract <b>3 & more."))
    assert {"Title 1", "Title 2", "Title 4", "Title 5"} <= set(titles(path))


def test_a_pipe_is_read_as_a_file_is(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    for data in (RIS.encode(), gzip.compress(RIS.encode())):
        writer = Thread(target=path.write_bytes, args=(data,))
        writer.start()
        assert titles(path) == ["Über Größen"]
        writer.join()


def test_programs_and_style_sheets_are_no_bibliographies(tmp_path: Path) -> None:
    for text in ("@dataclass(frozen=True)\nclass A: ...\n", "@media (max-width: 9px) { a { b: c } }\n"):
        path = tmp_path / "other"
        path.write_text(text)
        with pytest.raises(ReadError, match="no known format"):
            read_papers(path)


def test_a_directory_is_walked_in_order_and_told_apart(tmp_path: Path) -> None:
    outside = tmp_path / "outside.ris"
    outside.write_text(RIS.replace("Über Größen", "Outside"))
    top = tmp_path / "top"
    (top / "sub").mkdir(parents=True)
    (top / ".git").mkdir()
    (top / "b.jsonl").write_text(line(2))
    (top / "a.ris").write_text(RIS)
    (top / "sub" / "c.jsonl.gz").write_bytes(gzip.compress(line(3).encode()))
    (top / "notes.txt").write_text("Nothing to read here.")
    (top / ".hidden.jsonl").write_text(line(4))
    (top / ".git" / "d.jsonl").write_text(line(5))
    (top / "link-out.ris").symlink_to(outside)
    (top / "link-in.jsonl").symlink_to(top / "b.jsonl")
    (top / "loop").symlink_to(top)
    (top / "dangling.ris").symlink_to(tmp_path / "nowhere")
    records = list(read_papers(top))
    assert [record.title for record in records if isinstance(record, Paper)] == [
        "Über Größen",
        "Paper 2",
        "Paper 2",
        "Paper 3",
    ]
    (skip,) = [record for record in records if isinstance(record, Skip)]
    assert (skip.source, skip.position) == (str(top / "notes.txt"), "file")
    assert skip.reason.startswith("no known format")


def test_a_name_that_is_not_utf_8_can_be_stored_and_told(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jsonl")).write_text(line(1))
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/na\xefve.txt")).write_text("Nothing to read here.")
    paper, skip = read_papers(tmp_path)
    assert isinstance(paper, Paper)
    assert isinstance(skip, Skip)
    assert str(paper.source).encode().endswith(rb"caf\udce9.jsonl")
    assert skip.source.encode().endswith(rb"na\udcefve.txt")
    assert skip.reason.startswith("no known format")


def test_a_directory_may_be_nested_deeper_than_a_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = 1_200
    monkeypatch.chdir(tmp_path)
    for _ in range(deep):
        Path("d").mkdir()
        os.chdir("d")
    Path("deep.jsonl").write_text(line(1))
    assert [record.title for record in read_papers(tmp_path) if isinstance(record, Paper)] == ["Paper 1"]
    # Taken down by hand: what pytest cleans up with recurses.
    Path("deep.jsonl").unlink()
    for _ in range(deep):
        os.chdir("..")
        Path("d").rmdir()


def test_a_directory_that_cannot_be_looked_into_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "a.jsonl").write_text(line(1))
    look = os.scandir

    def refused(path: str) -> object:
        if path.endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return look(path)

    monkeypatch.setattr(os, "scandir", refused)
    _, skip = read_papers(tmp_path)
    assert isinstance(skip, Skip)
    assert (skip.source, skip.position, skip.reason) == (
        str(tmp_path / "closed"), "directory", "cannot be read (Permission denied)",
    )  # fmt: skip


def test_a_directory_without_readable_files_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("Nothing to read here.")
    with pytest.raises(ReadError, match="a directory without a readable file"):
        list(read_papers(tmp_path))


def test_reading_is_lazy(tmp_path: Path) -> None:
    path = tmp_path / "big.jsonl"
    with path.open("w") as file:
        file.writelines(line(n) for n in range(50_000))
        file.write("{broken")
    assert next(read_papers(path)) == next(read_papers(path))


def test_a_large_file_does_not_fill_memory(tmp_path: Path) -> None:
    """Each kind of stream, in a process of its own, whose memory may not grow by a good part of the file."""
    # Ten times longer than abstracts are, so that the files are large and the records few.
    abstract = "Words of an abstract that fill the file. " * 250
    record = json.dumps({"title": "T", "abstract": abstract})
    files = {
        "lines.jsonl": f"{record}\n" * 1_200,
        "array.json": "[" + f"{record}, " * 1_200 + record + "]",
        "many.ris": f"TY  - JOUR\nTI  - T\nAB  - {abstract}\nER  - \n" * 1_200,
        "many.bib": f"@article{{k, title={{T}}, abstract={{{abstract}}}}}\n" * 1_200,
        "many.xml": "<PubmedArticleSet>"
        + (
            "<PubmedArticle><MedlineCitation><Article><ArticleTitle>T</ArticleTitle><Abstract><AbstractText>"
            f"{abstract}</AbstractText></Abstract></Article></MedlineCitation></PubmedArticle>"
        )
        * 1_200
        + "</PubmedArticleSet>",
        "many.csv": "title,abstract\n" + f'T,"{abstract}"\n' * 1_200,
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    script = (
        "import sys; from pathlib import Path; from eval.benchmarks.speed.memory import peak_bytes\n"
        "from rag.readers import read_papers\n"
        "for name in sys.argv[1:]:\n"
        "    before = peak_bytes()\n"
        "    n = sum(1 for _ in read_papers(Path(name)))\n"
        "    print(n, (peak_bytes() - before) // 2**20)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *(str(tmp_path / name) for name in files)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    grown = {name: tuple(map(int, row.split())) for name, row in zip(files, done.stdout.splitlines(), strict=True)}
    assert all(count >= 1_200 and megabytes < 9 for count, megabytes in grown.values()), grown


def test_formats_are_listed_without_importing_a_parser() -> None:
    script = (
        "import sys, rag.readers; print(' '.join(rag.readers.FORMATS)); "
        "print([m for m in ('lxml', 'bibtexparser', 'pylatexenc', 'httpx', 'csv') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    names, imported = done.stdout.splitlines()
    assert names.split() == list(FORMATS)
    assert imported == "[]"
