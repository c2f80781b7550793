"""The surface map: where the programs of a workspace meet other processes, ready to be shown, compared and written.

`of(session)` makes a `Surface`, whose shape is the JSON format (docs/surface.md); `compare` says what changed since an
older one; `to_json`, `to_html` and `to_mermaid` write them.
"""

from ipclint.engine.surface.build import of, surface_of
from ipclint.engine.surface.compare import Difference, compare
from ipclint.engine.surface.html import to_html
from ipclint.engine.surface.mermaid import to_mermaid
from ipclint.engine.surface.shape import Surface, to_json

__all__ = ["Difference", "Surface", "compare", "of", "surface_of", "to_html", "to_json", "to_mermaid"]
