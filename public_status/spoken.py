"""Pages in the reader's language: each language has its templates compiled with the words put in.

Looking up every word of every page on every request cost more than all else of a page.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, cast

from babel.support import NullTranslations, Translations
from flask import Flask, current_app
from flask.templating import Environment
from jinja2 import nodes
from jinja2.runtime import Context
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from public_status import preferences

_ALIASES = ("_", "gettext")
_EXTENSION = "spoken"

Filters = Mapping[str, Callable[[Any], Any]]


class _PlainContext(Context):
    """The context of one rendering, where all templates have the same globals and none of their functions
    asks for the context: to find that out for every call costs more than the calls.
    """

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        self.globals_keys = set()

    def call(
        self,
        function: Callable[..., Any],
        /,
        *args: Any,
        _block_vars: object = None,
        _loop_vars: object = None,
        **given: Any,
    ) -> Any:
        return function(*args, **given)


class SpokenEnvironment(Environment):
    """Templates in one language, once `catalogue` is set."""

    context_class = _PlainContext
    catalogue: NullTranslations | None = None

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        if self.catalogue is not None:
            _PutWordsIn(self.catalogue).visit(tree)
        return tree


class _PutWordsIn(NodeTransformer):
    """Puts each sentence that is known when a template is compiled in its translation's place."""

    def __init__(self, catalogue: NullTranslations) -> None:
        self._say = _say(catalogue)

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        self.generic_visit(node)
        match node:
            case nodes.Call(node=nodes.Name(name=name), args=[nodes.Const(value=str(sentence))], kwargs=[]):
                if name in _ALIASES:
                    return nodes.Const(self._say(sentence), lineno=node.lineno)
        return node


def register(app: Flask, filters: Callable[[str], Filters]) -> None:
    """Compile the site's templates once for each language, with its own filters.

    After what else changes the environment.
    """
    app.extensions[_EXTENSION] = {
        language: _environment(app, language, filters(language)) for language in preferences.LANGUAGES
    }


def render(template: str, **context: Any) -> str:
    """The template in the language of this answer."""
    app = current_app
    environment = app.extensions[_EXTENSION][preferences.language()]
    app.update_template_context(context)
    return cast(str, environment.get_template(template).render(context))


def _environment(app: Flask, language: str, filters: Filters) -> SpokenEnvironment:
    # Not an overlay, which would share the words of the one it lies over.
    made = cast(SpokenEnvironment, app.create_jinja_environment())
    common = app.jinja_env
    made.trim_blocks, made.lstrip_blocks = common.trim_blocks, common.lstrip_blocks
    made.filters.update(common.filters)
    made.filters.update(filters)
    made.globals.update(common.globals)
    made.catalogue = Translations.load(str(preferences.TRANSLATIONS), [language])
    made.globals.update(dict.fromkeys(_ALIASES, _say(made.catalogue)))
    return made


def _say(catalogue: NullTranslations) -> Callable[..., Markup]:
    """`_` of templates: a sentence in the catalogue's language, with values put in and escaped.

    As Jinja's own extension has it, but without the templates' context: it cost more than the words.
    """

    @lru_cache(maxsize=1024)
    def pattern(sentence: str) -> Markup:
        return Markup(catalogue.ugettext(sentence))  # noqa: S704 - what translators wrote is markup

    @lru_cache(maxsize=1024)
    def alone(sentence: str) -> Markup:
        return pattern(sentence) % {}

    def say(sentence: str, /, **values: Any) -> Markup:
        return pattern(sentence) % values if values else alone(sentence)

    return say
