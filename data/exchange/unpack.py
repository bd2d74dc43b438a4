"""Opening a file that a stranger sent: archives, sizes, and whether it is what its name says."""

import gzip
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, cast

from data.errors import UnreadableFile
from geo.errors import N_

LARGEST_BYTES = 150_000_000
"""No file of a community comes near; a whole city's incidents of ten years as text are about half of it."""
LARGEST_UNPACKED_BYTES = 500_000_000
LARGEST_RATIO = 150
"""Tables of text shrink 10 to 40 times, zip bombs a thousand times and more."""
SMALLEST_BOMB_BYTES = 20_000_000
MOST_MEMBERS = 2_000
SIDECARS = {".shp": (".shx", ".dbf", ".prj", ".cpg"), ".dbf": (".cpg",), ".gpkg": (".gpkg-wal",)}
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Source:
    """One plain file on this machine, and the name by which the user knows it.

    Parameters
    ----------
    path : Path
        Where it can be read; a temporary copy when it came out of an archive.
    name : str
        As the user gave it; ``town.zip/streets.shp`` for a member of an archive.
    ending : str
        Lower case with its dot, as ``.shp``.
    """

    path: Path
    name: str
    ending: str

    def beside(self, ending: str) -> Path | None:
        """The file of the same name with another ending (``.dbf`` or ``.DBF``), or None."""
        wanted = (self.path.stem + ending).lower()
        return next((path for path in self.path.parent.iterdir() if path.name.lower() == wanted), None)


@contextmanager
def opened(
    path: str | Path, endings: Collection[str], *, name: str | None = None, member: str | None = None
) -> Iterator[Source]:
    """Open one file, out of its .zip, .kmz or .gz where it is in one; anything unpacked is gone afterwards.

    Members of archives are written under names of our own, so no name inside an archive can lead anywhere.

    Parameters
    ----------
    path : str or Path
    endings : collection of str
        The endings that the caller reads, as ``{".csv", ".xlsx"}``.
    name : str, optional
        The file's name as the user gave it, when ``path`` is an upload's temporary place.
    member : str, optional
        Which file of an archive, by name without ending, when several could be meant.

    Raises
    ------
    UnreadableFile
        The file is missing, empty, too large, of a kind the caller does not read, or its archive is broken, encrypted,
        a bomb, or holds several files that could be meant.
    """
    path = Path(path)
    name = name or path.name
    check_size(path, name)
    ending = _ending(name)
    with tempfile.TemporaryDirectory(prefix="gridpatrol-") as folder:
        if ending in {".zip", ".kmz"}:
            source = _from_zip(path, name, endings, member, Path(folder))
        elif ending == ".gz":
            source = _from_gzip(path, name, endings, Path(folder))
        else:
            source = Source(path, name, ending)
        if source.ending not in endings:
            raise UnreadableFile(
                N_("%(file)s: files ending in %(ending)s are not read here. Send one of: %(endings)s."),
                file=source.name,
                ending=source.ending or N_("nothing"),
                endings=" ".join(sorted(endings)),
            )
        _check_kind(source)
        yield source


def check_size(path: Path, name: str) -> None:
    """Refuse what is no file, is empty, or is larger than any file of a community."""
    if not path.is_file():
        raise UnreadableFile(N_("%(file)s: there is no such file."), file=name)
    size = path.stat().st_size
    if size == 0:
        raise UnreadableFile(N_("%(file)s is empty."), file=name)
    if size > LARGEST_BYTES:
        raise UnreadableFile(
            N_("%(file)s has %(megabytes)s MB, and %(limit)s MB is the most that is read. Send it in parts."),
            file=name,
            megabytes=size // 1_000_000,
            limit=LARGEST_BYTES // 1_000_000,
        )


def check_bomb(name: str, packed: int, unpacked: int) -> None:
    """Refuse what would grow out of all proportion when unpacked."""
    too_dense = unpacked > SMALLEST_BOMB_BYTES and unpacked > LARGEST_RATIO * max(packed, 1)
    if too_dense or unpacked > LARGEST_UNPACKED_BYTES:
        raise UnreadableFile(
            N_("%(file)s would unpack to more than %(megabytes)s MB and is refused as unsafe."),
            file=name,
            megabytes=min(unpacked, LARGEST_UNPACKED_BYTES) // 1_000_000,
        )


@contextmanager
def opened_zip(path: Path, name: str) -> Iterator[zipfile.ZipFile]:
    """Open a zip archive whose names, count and sizes are not hostile."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > MOST_MEMBERS:
                raise UnreadableFile(
                    N_("%(file)s holds %(count)s files; that is too many."), file=name, count=len(members)
                )
            for info in members:
                _check_member(info, name)
            check_bomb(name, path.stat().st_size, sum(info.file_size for info in members))
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        raise UnreadableFile(
            N_("%(file)s is a broken archive (%(reason)s). Pack it again."), file=name, reason=error
        ) from error


def _check_member(info: zipfile.ZipInfo, name: str) -> None:
    member = member_name(info)
    if member.startswith("/") or ".." in PurePosixPath(member).parts or ":" in PurePosixPath(member).parts[0]:
        raise UnreadableFile(
            N_("%(file)s holds a file whose name leads out of the archive (%(member)s); it is refused as unsafe."),
            file=name,
            member=member,
        )
    if info.flag_bits & 0x1:
        raise UnreadableFile(N_("%(file)s is protected by a password. Pack it again without one."), file=name)


def member_name(info: zipfile.ZipInfo) -> str:
    """A member's name as its author saw it: old archivers of Chinese Windows write GBK and do not say so."""
    member = info.filename
    if not info.flag_bits & 0x800:
        raw = member.encode("cp437", "replace")
        for encoding in ("utf-8", "gb18030"):
            try:
                member = raw.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
    return member.replace("\\", "/").lstrip("\ufeff") or "?"


def _from_zip(path: Path, name: str, endings: Collection[str], member: str | None, folder: Path) -> Source:
    with opened_zip(path, name) as archive:
        members = {member_name(info): info for info in archive.infolist() if _is_plain(member_name(info), info)}
        chosen = _choose(sorted(members), name, endings, member)
        stem, ending = chosen[: -len(_ending(chosen))], _ending(chosen)
        for beside in (ending, *SIDECARS.get(ending, ())):
            info = next((members[other] for other in members if other.lower() == (stem + beside).lower()), None)
            if info is not None:
                with archive.open(info) as packed:
                    copy_limited(packed, folder / f"member{beside}", name, info.file_size)
    target = folder / f"member{ending}"
    check_size(target, f"{name}/{chosen}")
    return Source(target, f"{name}/{chosen}", ending)


def _is_plain(member: str, info: zipfile.ZipInfo) -> bool:
    hidden = member.startswith("__MACOSX/") or PurePosixPath(member).name.startswith(".")
    return not (info.is_dir() or hidden)


def _choose(members: list[str], name: str, endings: Collection[str], member: str | None) -> str:
    readable = [other for other in members if _ending(other) in endings]
    shapes = {other[:-4].lower() for other in readable if other.lower().endswith(".shp")}
    # A Shapefile's table, and the text that explains the table's names, are no files of their own.
    beside = (".dbf", ".txt")
    readable = [other for other in readable if not (_ending(other) in beside and other[:-4].lower() in shapes)]
    if member is not None and len(readable) > 1:
        readable = [other for other in readable if member in (other, PurePosixPath(other).stem)]
    if len(readable) == 1:
        return readable[0]
    if not readable:
        raise UnreadableFile(
            N_("%(file)s holds nothing that is read here. It holds: %(members)s. Read here: %(endings)s."),
            file=name,
            members=", ".join(members[:5]) or "-",
            endings=" ".join(sorted(endings)),
        )
    raise UnreadableFile(
        N_("%(file)s holds several files that could be meant: %(members)s. Name one as the layer, or send one alone."),
        file=name,
        members=", ".join(readable[:5]),
    )


def _from_gzip(path: Path, name: str, endings: Collection[str], folder: Path) -> Source:
    inner = name[:-3]
    target = folder / f"member{_ending(inner)}"
    if _ending(inner) not in endings:
        return Source(path, name, _ending(inner) + ".gz")
    try:
        with gzip.open(path) as packed:
            limit = min(LARGEST_UNPACKED_BYTES, max(SMALLEST_BOMB_BYTES, LARGEST_RATIO * path.stat().st_size))
            copy_limited(cast(IO[bytes], packed), target, name, limit)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableFile(
            N_("%(file)s is a broken archive (%(reason)s). Pack it again."), file=name, reason=error
        ) from error
    return Source(target, name, _ending(inner))


def copy_limited(source: IO[bytes], target: Path, name: str, limit: int) -> None:
    """Copy at most ``limit`` bytes; what its header lied about is refused while it grows, not after."""
    written = 0
    with target.open("wb") as out:
        while chunk := source.read(CHUNK_BYTES):
            written += len(chunk)
            if written > limit:
                check_bomb(name, 0, max(written, SMALLEST_BOMB_BYTES + 1))
            out.write(chunk)


def copied(source: Source, folder: Path) -> Path:
    """A private copy with its companions, under a name of our own: libraries write beside what they open."""
    target = folder / f"layer{source.ending}"
    shutil.copyfile(source.path, target)
    for ending in SIDECARS.get(source.ending, ()):
        beside = source.beside(ending)
        if beside is not None:
            shutil.copyfile(beside, folder / f"layer{ending}")
    return target


def _ending(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).suffix.lower()


MAGIC = {
    b"PK\x03\x04": ({".xlsx", ".xlsm", ".zip", ".kmz"}, N_("a zip archive or an Excel workbook")),
    b"\xd0\xcf\x11\xe0": (set(), N_("an old Excel workbook (.xls); save it as .xlsx")),
    b"SQLite format 3\x00": ({".gpkg"}, N_("a SQLite database")),
    b"\x00\x00\x27\x0a": ({".shp"}, N_("a Shapefile")),
    b"fgb\x03fgb": ({".fgb"}, N_("a FlatGeobuf")),
    b"PAR1": ({".parquet", ".geoparquet"}, N_("a Parquet file")),
    b"%PDF": (set(), N_("a PDF")),
    b"\x1f\x8b": ({".gz"}, N_("a gzip archive")),
    b"Rar!": (set(), N_("a RAR archive; pack it as .zip")),
    b"7z\xbc\xaf": (set(), N_("a 7-Zip archive; pack it as .zip")),
}


def _check_kind(source: Source) -> None:
    """Refuse a file whose first bytes belie its name; libraries go by the bytes."""
    with source.path.open("rb") as file:
        head = file.read(16)
    for magic, (endings, kind) in MAGIC.items():
        if head.startswith(magic) and source.ending not in endings:
            raise UnreadableFile(N_("%(file)s is not what its name says: it is %(kind)s."), file=source.name, kind=kind)
    required = [magic for magic, (endings, _) in MAGIC.items() if source.ending in endings]
    if required and not head.startswith(tuple(required)):
        raise UnreadableFile(
            N_("%(file)s is not what its name says, or it is broken: it does not begin like a %(ending)s file."),
            file=source.name,
            ending=source.ending,
        )
