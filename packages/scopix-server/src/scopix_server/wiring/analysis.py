"""Builds what looks at images and what describes them: in the child processes of a worker, and wherever else."""

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from scopix_server.categories import Catalogue
from scopix_server.config import Settings
from scopix_server.environment import child_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scopix_server.analysis.documents import FileAnalyzer, LookAtPage
    from scopix_server.domain.analysis import Describer
    from scopix_server.domain.description import Description, Perception, TextRegion
    from scopix_server.domain.engines import EngineCopy
    from scopix_server.perception.other_scripts import OtherScripts

__all__ = ["Parts", "analyzer_and_describer", "build_in_child", "look_and_compose", "other_scripts"]


class Parts(NamedTuple):
    """What sees (pixels to perception), writes, looks at pages, reads, and brings lines into order."""

    look: "Callable[[Any], Perception]"
    compose: "Callable[[Perception, str], Description]"
    look_at_page: "LookAtPage"
    read: "Callable[[Any], tuple[TextRegion, ...]]"
    arrange: "Callable[[Sequence[TextRegion], float], tuple[TextRegion, ...]]"


def build_in_child(
    settings: Settings, catalogue: Catalogue, copies: "tuple[EngineCopy, ...]" = ()
) -> "tuple[FileAnalyzer, Describer]":
    """Build both in a child process of the worker, with logs of its own.

    Args:
        copies: those that the engines are sent. The engines themselves, whose file holds keys, stay with the worker.
    """
    from scopix_server.logs import configure_logs

    configure_logs(level=settings.log_level, json=settings.log_format == "json")
    return analyzer_and_describer(settings, catalogue, copies)


def analyzer_and_describer(
    settings: Settings,
    catalogue: Catalogue,
    copies: "tuple[EngineCopy, ...]" = (),
    parts: "Parts | None" = None,
) -> "tuple[FileAnalyzer, Describer]":
    """Build both in this very process, whose logs stay as they are.

    Args:
        parts: what `look_and_compose` gave, if it is there already; to build it may mean to load models.
    """
    from scopix_server.analysis.analyze import ImageAnalyzer
    from scopix_server.analysis.builtin_describer import BuiltInDescriber
    from scopix_server.analysis.documents import DocumentLooker, FileAnalyzer
    from scopix_server.analysis.scan_pages import open_scan
    from scopix_server.composer.documents import describe_whole
    from scopix_server.documents.opening import document_opener
    from scopix_server.intake.decode_plan import PixelLimits

    look, compose, look_at_page, read, arrange = parts or look_and_compose(settings)
    limits = PixelLimits(settings.image_pixels, settings.work_pixels)
    opener = document_opener(settings.max_document_pages, partial(open_scan, limits=limits))
    documents = DocumentLooker(opener, look_at_page, read)
    analyzer = FileAnalyzer(ImageAnalyzer(look, limits, copies, read, arrange), documents)
    return analyzer, BuiltInDescriber(compose, catalogue, describe_whole)


def look_and_compose(settings: Settings) -> "Parts":
    """Build what sees (pixels to perception) and what writes (perception to description), as the settings ask for."""
    from scopix_server.perception.reading_order import in_reading_order

    if settings.analyzer == "scripted":
        from scopix_server.perception.scripted import ScriptedAnalyzer

        scripted = ScriptedAnalyzer(settings.scripted_seconds)
        return Parts(scripted.analyze, scripted.describe, scripted.look_at_page, scripted.read, in_reading_order)
    from scopix_server.composer.grounded import GroundedComposer
    from scopix_server.domain.description import ImageKind, Perception
    from scopix_server.perception.pixel_analyzer import PixelAnalyzer
    from scopix_server.perception.text_models import TextModels
    from scopix_server.reading.kinds import judge_kind
    from scopix_server.reading.layout import read_layout

    def is_photo(seen: Perception) -> bool:
        return judge_kind(seen, read_layout(seen)) in {ImageKind.PHOTO, ImageKind.PRODUCT_PHOTO}

    pixels = PixelAnalyzer(
        is_photo=is_photo,
        ocr_side=settings.ocr_side,
        text_models=TextModels(settings.ocr_detector_file, settings.ocr_recogniser_file, settings.ocr_symbols_file),
        text_runtime=settings.ocr_runtime,
        other_scripts=other_scripts(settings),
    )
    return Parts(pixels.analyze, GroundedComposer().describe, pixels.analyze, pixels.read, in_reading_order)


def other_scripts(settings: Settings) -> "OtherScripts | None":
    """Find what reads the lines that the networks do not, as the settings ask for."""
    from scopix_server.perception.other_scripts import find_tesseract

    if settings.ocr_other_scripts == "off":
        return None
    languages = [] if settings.ocr_other_scripts == "auto" else settings.ocr_other_scripts.split("+")
    return find_tesseract(child_environment(), languages)
