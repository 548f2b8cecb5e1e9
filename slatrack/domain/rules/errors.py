"""What is wrong with a rule document, and where."""

Path = tuple[str | int, ...]


class RuleError(ValueError):
    """One fault in a rule document: `path` leads to it, `reason` says why and what to do."""

    def __init__(self, path: Path, reason: str, *, root: str = "rule") -> None:
        self.path = path
        self.reason = reason
        self.where = where(path, root=root)
        super().__init__(f"{self.where}: {reason}")


def where(path: Path, *, root: str) -> str:
    """Return a path as people write it: rule.of[1].amount."""
    shown = root
    for part in path:
        if isinstance(part, int):
            shown += f"[{part}]"
        else:
            shown += f".{part}" if shown else part
    return shown
