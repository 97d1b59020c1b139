"""From the objects of a pack to the files of a commit.

Separate because a tree may name the same tree many times over: what is visited is counted, whatever is in the pack.
"""

from collections.abc import Iterator, Mapping

from gennaker.core.archive import LIMITS, Item, link_target, safe_path
from gennaker.core.errors import NotFound, Refused
from gennaker.plugins.git.pack import Found

_DEEPEST = 100
_FOLDER, _LINK, _MODULE = 0o040000, 0o120000, 0o160000
_KIND = 0o170000


def files(objects: Mapping[bytes, Found], id_: bytes, folder: str = "") -> list[Item]:
    """The files and links of a commit (or of the tag that names it), of all or of what is under `folder`, with their whole paths.

    Submodules are left out, and so are links that lead out of the repository. Raises NotFound for a folder that is not there, and Refused
    for a damaged or too large tree.
    """
    tree = _tree_of(objects, id_)
    for part in folder.split("/") if folder else ():
        named = [entry for entry in _entries(_object(objects, tree, b"tree")) if entry[1] == part]
        if not named or named[0][0] & _KIND != _FOLDER:
            raise NotFound(f"there is no folder {folder} in this version of the repository")
        tree = named[0][2]
    walk = _Walk(objects)
    walk.visit(tree, f"{folder}/" if folder else "", 0)
    return walk.items


class _Walk:
    def __init__(self, objects: Mapping[bytes, Found]) -> None:
        self._objects = objects
        self._entries = 0
        self._size = 0
        self.items: list[Item] = []

    def visit(self, tree: bytes, prefix: str, depth: int) -> None:
        if depth > _DEEPEST:
            raise Refused(f"the repository has folders more than {_DEEPEST} deep")
        for mode, name, id_ in _entries(_object(self._objects, tree, b"tree")):
            self._entries += 1
            if self._entries > LIMITS.entries:
                raise Refused(f"the repository has more than {LIMITS.entries} files and folders: name a folder")
            if name in (".", "..") or "/" in name or name.lower() == ".git":
                raise Refused(f"the repository has a file of the name {name!r}, which is not permitted")
            path = safe_path(f"{prefix}{name}", "the repository")
            kind = mode & _KIND
            if kind == _FOLDER:
                self.visit(id_, f"{path}/", depth + 1)
            elif kind != _MODULE:
                self._file(path, kind, mode, _object(self._objects, id_, b"blob"))

    def _file(self, path: str, kind: int, mode: int, content: bytes) -> None:
        self._size += len(content)
        if self._size > LIMITS.total:
            raise Refused(f"the repository's files are more than {LIMITS.total} bytes: name a folder")
        if kind != _LINK:
            self.items.append(Item(path=path, content=content, executable=bool(mode & 0o111)))
            return
        link = content.decode("utf-8", "replace")
        if "\0" not in link and link_target(path, link) is not None:
            self.items.append(Item(path=path, link=link))


def _tree_of(objects: Mapping[bytes, Found], id_: bytes) -> bytes:
    """The tree of a commit, through at most a few tags of tags."""
    for _ in range(5):
        found = objects.get(id_)
        if found is None:
            raise Refused("the pack of the git server lacks the object that was asked for")
        word = {b"commit": b"tree ", b"tag": b"object "}.get(found.kind)
        if word is None:
            raise Refused(f"expected a commit or a tag of one, found a {found.kind.decode()}")
        line = found.content.partition(b"\n")[0]
        if not line.startswith(word):
            raise Refused(f"the pack of the git server is damaged: a {found.kind.decode()} names nothing")
        id_ = line[len(word) :]
        if found.kind == b"commit":
            return id_
    raise Refused("the tag is a tag of a tag of a tag, and so on")


def _object(objects: Mapping[bytes, Found], id_: bytes, kind: bytes) -> bytes:
    found = objects.get(id_)
    if found is None or found.kind != kind:
        raise Refused(f"the pack of the git server lacks the {kind.decode()} {id_.decode('ascii', 'replace')}")
    return found.content


def _entries(tree: bytes) -> Iterator[tuple[int, str, bytes]]:
    """Mode, name and id of what is in a folder."""
    at = 0
    while at < len(tree):
        space = tree.find(b" ", at)
        end = tree.find(b"\0", space)
        if space < 0 or end < 0 or end + 21 > len(tree):
            raise Refused("the pack of the git server is damaged: a folder ends early")
        try:
            mode, name = int(tree[at:space], 8), tree[space + 1 : end].decode()
        except ValueError as error:
            raise Refused("the repository has a file whose name is not UTF-8, or of no known kind") from error
        yield mode, name, tree[end + 1 : end + 21].hex().encode()
        at = end + 21
