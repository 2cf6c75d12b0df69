"""Pages in the reader's language: each language has its templates compiled with the words put in.

Looking up every word of every page on every request cost more than all else of a page.
"""

from typing import Any, cast

from babel.support import NullTranslations, Translations
from flask import Flask, current_app
from flask.templating import Environment
from jinja2 import nodes
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from public_status import preferences

_ALIASES = ("_", "gettext")
_EXTENSION = "spoken"


class SpokenEnvironment(Environment):
    """Templates in one language, once `catalogue` is set."""

    catalogue: NullTranslations | None = None

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        if self.catalogue is not None:
            _PutWordsIn(self.catalogue).visit(tree)
        return tree


class _PutWordsIn(NodeTransformer):
    """Puts each sentence that is known when a template is compiled in its translation's place."""

    def __init__(self, catalogue: NullTranslations) -> None:
        self._catalogue = catalogue

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        self.generic_visit(node)
        match node:
            case nodes.Call(node=nodes.Name(name=name), args=[nodes.Const(value=str(sentence))], kwargs=[]):
                if name in _ALIASES:
                    # As at a request: a percent sign is written twice, and what translators wrote is markup.
                    words = Markup(self._catalogue.ugettext(sentence)) % {}  # noqa: S704
                    return nodes.Const(words, lineno=node.lineno)
        return node


def register(app: Flask) -> None:
    """Compile the site's templates once for each language. After what else changes the environment."""
    app.extensions[_EXTENSION] = {language: _environment(app, language) for language in preferences.LANGUAGES}


def render(template: str, **context: Any) -> str:
    """The template in the language of this answer."""
    app = current_app
    environment = app.extensions[_EXTENSION][preferences.language()]
    app.update_template_context(context)
    return cast(str, environment.get_template(template).render(context))


def _environment(app: Flask, language: str) -> SpokenEnvironment:
    # Not an overlay, which would share the words of the one it lies over.
    made = cast(SpokenEnvironment, app.create_jinja_environment())
    common = app.jinja_env
    made.trim_blocks, made.lstrip_blocks = common.trim_blocks, common.lstrip_blocks
    made.filters.update(common.filters)
    made.globals.update(common.globals)
    made.catalogue = Translations.load(str(preferences.TRANSLATIONS), [language])
    made.add_extension("jinja2.ext.i18n")
    made.install_gettext_callables(  # type: ignore[attr-defined]  # brought by the extension
        made.catalogue.ugettext, made.catalogue.ungettext, newstyle=True
    )
    return made
