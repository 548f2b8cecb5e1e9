"""How an installation names services of its own: one rule, as the setting writes it."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from slatrack.otlp.namings import Naming, check
from slatrack.otlp.vocabulary import NEWEST


class ServiceName(BaseModel):
    r"""Where the span attribute `from` fits `pattern` (RE2, as a whole), the service is `service`.

    `over_resource` says that the resource names only a platform that hosts many jobs.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str = Field(alias="from", min_length=1, max_length=300)
    pattern: str = Field(min_length=1, max_length=1_000)
    service: str = Field(r"\1", min_length=1, max_length=300)
    over_resource: bool = False

    @property
    def naming(self) -> Naming:
        """The rule as the decoder takes it; an old attribute name stands for its newest."""
        source = NEWEST.get(self.source, self.source)
        return Naming("own", source, self.pattern, self.service, certain=self.over_resource)

    @model_validator(mode="after")
    def _works(self) -> Self:
        check(self.naming)
        return self
