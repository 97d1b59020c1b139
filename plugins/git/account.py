"""An account for git repositories: from an artifact to an archive of the files it names.

Separate because it is only this that the program sees; the protocol, packs and trees are behind it.
"""

import re
from collections.abc import Sequence

from gennaker.core.archive import safe_path, write_archive
from gennaker.core.artifacts.account import MAX_BYTES, ArtifactAccount
from gennaker.core.artifacts.hosts import Hosts
from gennaker.core.artifacts.web_file import credentials
from gennaker.core.errors import InvalidRequest, NotFound, Refused
from gennaker.core.services import Http, Json
from gennaker.plugins.git.pack import read_pack
from gennaker.plugins.git.remote import Remote
from gennaker.plugins.git.tree import files

#: What git permits in the name of a branch or tag and what cannot be taken for an option.
_VERSION = re.compile(r"(?!-)(?!.*\.\.)[^\x00-\x20\x7f~^:?*\[\\]{1,250}")


class Repositories(ArtifactAccount):
    """Fetches one commit of a repository. `reference` is its URL, `version` a branch, tag or commit, `location` a folder in it."""

    def __init__(self, name: str, hosts: Sequence[str] = (), username: str = "", password: str = "") -> None:
        super().__init__(name, ["git/repo"])
        self._hosts = Hosts(name, hosts)
        self._headers = credentials(username, password) if password else {}

    def fetch(self, artifact: Json, http: Http) -> bytes:
        """See the parent. The answer is a gzipped tar of the files under `location`, with their whole paths: the same commit, the same bytes."""
        version = artifact.get("version") or ""
        if version and not _VERSION.fullmatch(version):
            raise InvalidRequest(f"{version!r} is no name of a branch or tag, and no commit", "artifact.version")
        folder = safe_path(artifact["location"], "artifact.location") if artifact.get("location") else ""
        remote = self._remote(artifact.get("reference") or "", http)
        commit, pack = remote.fetch(version)
        found = files(read_pack(pack), commit, folder)
        if not found:
            raise NotFound(f"{artifact['reference']} has no files {f'under {folder}' if folder else 'in this version'}")
        archive = write_archive(found)
        if len(archive) > MAX_BYTES:
            raise Refused(f"the files are {len(archive)} bytes even packed, more than {MAX_BYTES}: name a folder")
        return archive

    def versions(self, type_: str, name: str, http: Http) -> list[str]:
        """See the parent: the branches, then the tags, of the repository whose URL is `name`."""
        return self._remote(name, http).branches_and_tags()

    def _remote(self, url: str, http: Http) -> Remote:
        if not url:
            raise InvalidRequest(
                "is missing; expected the URL of a repository, such as https://github.com/acme/shop.git",
                "artifact.reference",
            )
        parts = self._hosts.check(url)
        if parts.query or parts.fragment:
            raise InvalidRequest("has a ? or #; expected the URL of a repository", "artifact.reference")
        return Remote(parts.geturl(), self._hosts, self._headers, http)
